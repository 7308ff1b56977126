import { expect } from 'vitest';
import { assertAsDocumented } from './published-document.js';
import type { TestApp } from './test-app.js';

export interface Visit {
  readonly status: number;
  readonly headers: Headers;
  readonly location: string;
  readonly body: Record<string, unknown>;
}

interface Cookie {
  readonly value: string;
  readonly path: string;
}

/** As much of a browser as a sign-in needs: cookies, and redirects that are followed one by one. */
export class Browser {
  /** By origin, then name. */
  private readonly cookies = new Map<string, Map<string, Cookie>>();

  constructor(
    private readonly app: TestApp,
    /** Who sits in front of it, by the provider's subject. */
    private readonly account: string,
  ) {}

  /** Begins a sign-in: to the provider. */
  begin(returnTo?: string): Promise<Visit> {
    const query = returnTo === undefined ? '' : `?return_to=${encodeURIComponent(returnTo)}`;
    return this.visit(`${this.publicUrl}/v1/auth/oidc/login${query}`);
  }

  /** Signs in at the provider. @returns the URL of the callback */
  async passProvider(url: string): Promise<string> {
    let next = url;
    for (let step = 0; step < 10 && !next.startsWith(`${this.publicUrl}/`); step += 1) {
      const { location, status } = await this.visit(next);
      if (location === '') throw new Error(`${next} answered ${status} instead of a redirect`);
      next = new URL(location, next).href;
    }
    return next;
  }

  /** The whole way; what the callback answers. */
  async signIn(returnTo?: string): Promise<Visit> {
    const { location } = await this.begin(returnTo);
    return this.visit(await this.passProvider(location));
  }

  async visit(url: string): Promise<Visit> {
    const isOurs = url.startsWith(this.publicUrl);
    const { origin, pathname } = new URL(url);
    const response = await fetch(isOurs ? url.replace(this.publicUrl, this.app.url) : url, {
      redirect: 'manual',
      headers: {
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        cookie: this.cookieHeader(origin, pathname),
        ...(!isOurs && { 'x-account': this.account }),
      },
    });
    for (const line of response.headers.getSetCookie()) this.keep(origin, line);
    const { status, headers } = response;
    const text = await response.text();
    const isJson = /json/.test(headers.get('content-type') ?? '');
    const body = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
    if (isOurs) {
      const path = url.slice(this.publicUrl.length);
      assertAsDocumented('GET', path, { status, headers, text, body: isJson ? body : undefined });
    }
    return { status, headers, location: headers.get('location') ?? '', body };
  }

  /** The cookies of the service, to steal or to plant. */
  get jar(): Map<string, Cookie> {
    return this.jarOf(new URL(this.publicUrl).origin);
  }

  private get publicUrl(): string {
    return this.app.config.http.publicUrl;
  }

  private jarOf(origin: string): Map<string, Cookie> {
    const jar = this.cookies.get(origin) ?? new Map<string, Cookie>();
    this.cookies.set(origin, jar);
    return jar;
  }

  private cookieHeader(origin: string, pathname: string): string {
    return [...this.jarOf(origin)]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  private keep(origin: string, line: string): void {
    const [pair = '', ...attributes] = line.split(/;\s*/);
    const [name = '', value = ''] = pair.split('=', 2);
    const attribute = (wanted: string) =>
      attributes.find((text) => text.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const expires = attribute('expires');
    const isGone =
      attribute('max-age') === '0' || (expires !== undefined && Date.parse(expires) < Date.now());
    if (isGone) this.jarOf(origin).delete(name);
    else this.jarOf(origin).set(name, { value, path: attribute('path') ?? '/' });
  }
}

/** @param detail why, in words */
export function expectRefused(
  { status, body, headers, location }: Visit,
  detail = 'The sign-in could not be verified. Start again.',
): void {
  expect([status, body['code'], body['detail']]).toEqual([401, 'invalid_credentials', detail]);
  expect(headers.get('www-authenticate')).toBe('Bearer');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(location).toBe('');
}

export function withParameter(url: string, name: string, value: string): string {
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed.href;
}

export const parameterOf = (url: string, name: string) => new URL(url).searchParams.get(name) ?? '';
