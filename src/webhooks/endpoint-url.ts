import { isIP } from 'node:net';
import { isPublicAddress } from './addresses.js';

export const MAX_URL = 2048;

export interface UrlFault {
  readonly code: 'url' | 'scheme' | 'credentials' | 'address_not_allowed';
  readonly message: string;
}

/** The host of a URL as names and addresses are looked up: without the brackets of IPv6. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** `localhost` and everything below it is this machine, whatever the DNS says (RFC 6761). */
export function isLocalhost(host: string): boolean {
  return /(^|\.)localhost\.?$/.test(host);
}

/** What is wrong with the address of an endpoint, as far as it tells without asking the DNS; null if nothing is. */
export function faultOfUrl(text: string, allowPrivateHosts: boolean): UrlFault | null {
  const url = URL.parse(text);
  if (!url || url.hostname === '') return { code: 'url', message: 'url must be a URL' };
  if (url.protocol !== 'https:' && !(allowPrivateHosts && url.protocol === 'http:'))
    return { code: 'scheme', message: 'url must begin with https://' };
  if (url.username !== '' || url.password !== '')
    return { code: 'credentials', message: 'url must not contain a user name or a password' };
  const host = hostOf(url);
  if (!allowPrivateHosts && (isLocalhost(host) || (isIP(host) !== 0 && !isPublicAddress(host))))
    return { code: 'address_not_allowed', message: 'url must point to an address on the internet' };
  return null;
}
