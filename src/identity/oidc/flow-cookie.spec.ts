import type { FastifyReply, FastifyRequest } from 'fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../../../config/index.js';
import { Sealer } from '../../../config/sealing.js';
import { generateKey, toSigningKey } from '../../../config/signing-keys.js';
import { cookieOf, FlowCookie } from './flow-cookie.js';
import { newFlow } from './sign-in-flow.js';
import type { SignInFlow } from './sign-in-flow.js';

const sealer = new Sealer([toSigningKey(generateKey('ES256'))]);
const cookieAt = (publicUrl: string, mySealer = sealer) =>
  new FlowCookie({ http: { publicUrl }, sealer: mySealer } as Config);

/** What a browser is told to keep. */
function written(cookie: FlowCookie, flow: SignInFlow): string {
  const header = vi.fn();
  cookie.write({ header } as unknown as FastifyReply, flow);
  return String(header.mock.calls[0]?.[1]);
}

function taken(cookie: FlowCookie, header: string | undefined) {
  const reply = { header: vi.fn() };
  const flow = cookie.take(
    { headers: { cookie: header } } as FastifyRequest,
    reply as unknown as FastifyReply,
  );
  return { flow, told: String(reply.header.mock.calls[0]?.[1]) };
}

const pairOf = (line: string) => line.split(';', 1)[0] ?? '';

afterEach(() => vi.useRealTimers());

describe('the cookie of a sign-in', () => {
  it.each([
    ['http://localhost:3000', 'stockroom_oidc', 'Path=/v1/auth/oidc; HttpOnly; SameSite=Lax'],
    ['https://a.example', '__Secure-stockroom_oidc', 'Path=/v1/auth/oidc; HttpOnly; SameSite=Lax; Secure'],
    [
      'https://a.example/stock',
      '__Secure-stockroom_oidc',
      'Path=/stock/v1/auth/oidc; HttpOnly; SameSite=Lax; Secure',
    ],
  ])('at %s is only for there, and not for scripts', (publicUrl, name, attributes) => {
    const line = written(cookieAt(publicUrl), newFlow(null));
    expect(line).toMatch(new RegExp(`^${name}=[\\w.-]+; Max-Age=600; ${attributes}$`));
    expect(taken(cookieAt(publicUrl), pairOf(line)).told).toBe(`${name}=; Max-Age=0; ${attributes}`);
  });

  it('brings back the flow, which nobody can read on the way', () => {
    const flow = newFlow('https://shop.example.com/x');
    const line = written(cookieAt('http://a.example'), flow);
    expect(line).not.toContain(flow.state);
    expect(taken(cookieAt('http://a.example'), `a=b; ${pairOf(line)};c=d`).flow).toEqual(flow);
  });

  it('fits into a browser with the longest page to return to', () => {
    const line = written(cookieAt('https://a.example'), newFlow(`https://a.example/${'x'.repeat(1982)}`));
    expect(pairOf(line).length).toBeLessThan(3800);
  });

  it('is good for ten minutes', () => {
    vi.useFakeTimers();
    const pair = pairOf(written(cookieAt('http://a.example'), newFlow(null)));
    vi.advanceTimersByTime(599_999);
    expect(taken(cookieAt('http://a.example'), pair).flow).not.toBeNull();
    vi.advanceTimersByTime(1);
    expect(taken(cookieAt('http://a.example'), pair).flow).toBeNull();
  });

  it('is none if anything is wrong with it', () => {
    const cookie = cookieAt('http://a.example');
    const pair = pairOf(written(cookie, newFlow(null)));
    const foreign = cookieAt('http://a.example', new Sealer([toSigningKey(generateKey('ES256'))]));
    const other = `stockroom_oidc=${sealer.seal(JSON.stringify(newFlow(null)), 'totp:1')}`;
    const bad = [undefined, '', 'stockroom_oidc=', `${pair}x`, pair.slice(0, -1), `x${pair}`, other];
    for (const header of [...bad, `${pair}; ${pair}`, pairOf(written(foreign, newFlow(null)))])
      expect(taken(cookie, header).flow).toBeNull();
  });
});

it('cookieOf knows names by all of their letters', () => {
  expect(cookieOf('ab=1; b=2;c=3', 'b')).toBe('2');
  expect(cookieOf('b=x=y==', 'b')).toBe('x=y==');
  expect(cookieOf('B=1', 'b')).toBeNull();
  expect(cookieOf('b', 'b')).toBeNull();
});
