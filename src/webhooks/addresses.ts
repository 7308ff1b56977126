import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The ranges of the library that anybody on the internet can reach: besides what is nobody's in particular, the
 * anycast services of RFC 7534 and RFC 7450. A range that a later version tells apart is refused until it is here.
 */
const REACHABLE: ReadonlySet<string> = new Set(['unicast', 'as112', 'as112v6', 'amt']);

/** Of IPv6, only what is handed out to the internet, without the protocol assignments in it. */
const HANDED_OUT = ipaddr.IPv6.parseCIDR('2000::/3');
const PROTOCOLS = ipaddr.IPv6.parseCIDR('2001::/23');
/** IPv4 behind the well-known prefix of NAT64 (RFC 6052). */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** Whether the address is one that anybody on the internet could reach. */
export function isPublicAddress(text: string): boolean {
  // What has a zone is link-local, whatever it looks like. The library would also take octal and short forms.
  if (text.includes('%') || isIP(text) === 0) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return REACHABLE.has(address.range());
  if (address.match(NAT64))
    return REACHABLE.has(ipaddr.fromByteArray(address.toByteArray().slice(12)).range());
  return address.match(HANDED_OUT) && !address.match(PROTOCOLS) && REACHABLE.has(address.range());
}
