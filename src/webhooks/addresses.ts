import { BlockList, isIP } from 'node:net';

/** IPv4 that is not somebody's on the internet (IANA's special-purpose registry, and multicast). */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local, and the metadata of cloud machines.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Of IPv6, only what is handed out to the internet, and IPv4 behind the well-known prefix of NAT64 (RFC 6052). */
const NAT64 = '64:ff9b::';
const PUBLIC_IPV6: readonly (readonly [string, number])[] = [
  ['2000::', 3],
  [NAT64, 96],
];

/** Within that: protocol assignments with Teredo and ORCHID, documentation, 6to4, and private IPv4 behind NAT64. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ...SPECIAL_IPV4.map(([net, bits]) => [NAT64 + net, 96 + bits] as const),
];

const special4 = listOf('ipv4', SPECIAL_IPV4);
const public6 = listOf('ipv6', PUBLIC_IPV6);
const special6 = listOf('ipv6', SPECIAL_IPV6);

/** Whether the address is one that anybody on the internet could reach. */
export function isPublicAddress(address: string): boolean {
  // What has a zone is link-local, whatever it looks like.
  if (address.includes('%')) return false;
  const family = isIP(address);
  if (family === 4) return !special4.check(address, 'ipv4');
  return family === 6 && public6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}

function listOf(family: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, bits] of subnets) list.addSubnet(net, bits, family);
  return list;
}
