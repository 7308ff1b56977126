import { normalizeIp } from '@nestjs/throttler';

/** An IPv6 client has a whole /64 to choose its addresses from, and is counted by that. */
export function networkOf(address: string): string {
  return normalizeIp(address, 64);
}
