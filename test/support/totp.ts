import { createHmac } from 'node:crypto';
import type { ApiResponse } from './api-client.js';
import { PASSWORD } from './test-app.js';
import type { SignedIn, TestApp } from './test-app.js';

const PERIOD_MS = 30_000;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export const stepNow = () => Math.floor(Date.now() / PERIOD_MS);

/** The code of RFC 6238 by the letter, not by the library of the service. */
export function codeAt(secret: string, step = stepNow()): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const truncated = mac.readUInt32BE((mac.at(-1) ?? 0) & 0xf) & 0x7fffffff;
  return String(truncated % 1_000_000).padStart(6, '0');
}

/** Six digits that are no code of the secret now, before or after. */
export function wrongCode(secret: string): string {
  const near = [-2, -1, 0, 1, 2].map((offset) => codeAt(secret, stepNow() + offset));
  return (
    ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code)) ?? ''
  );
}

export interface Enrolled extends SignedIn {
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

/** Turns two-step sign-in on for the user. The code of now, and those before, are used up then: see `forgetUse`. */
export async function enrol(user: SignedIn): Promise<Enrolled> {
  const begun = await user.api.post('/v1/auth/two-step', { current_password: PASSWORD });
  const secret = String(begun.body.secret);
  const confirmed = await user.api.post<{ recovery_codes: string[] }>('/v1/auth/two-step/confirm', {
    code: codeAt(secret),
  });
  if (confirmed.status !== 200) throw new Error(`Not enrolled: ${begun.text} ${confirmed.text}`);
  return { ...user, secret, recoveryCodes: confirmed.body.recovery_codes };
}

/** Codes that were used may be used again, so that a test need not wait for the next one. */
export async function forgetUse({ dataSource }: TestApp, { id }: SignedIn): Promise<void> {
  await dataSource.query('UPDATE two_step_secrets SET last_step = 0 WHERE user_id = $1', [id]);
}

export const login = ({ anonymous }: TestApp, { email }: SignedIn, password = PASSWORD) =>
  anonymous.post<MfaRequired>('/v1/auth/login', { email, password });

/** The first step of a sign-in, and what comes after it. */
export async function beginLogin(app: TestApp, user: SignedIn): Promise<string> {
  const { status, body, text } = await login(app, user);
  if (status !== 401 || body.code !== 'mfa_required') throw new Error(`No second step: ${text}`);
  return body.mfa_token;
}

export function confirmLogin(app: TestApp, mfaToken: unknown, code: unknown): Promise<ApiResponse<Tokens>> {
  return app.anonymous.post<Tokens>('/v1/auth/login/confirm', { mfa_token: mfaToken, code });
}

interface MfaRequired {
  code: string;
  mfa_token: string;
  expires_in: number;
}

export interface Tokens {
  code?: string;
  detail?: string;
  access_token: string;
  refresh_token: string;
  scope: string;
}

function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
