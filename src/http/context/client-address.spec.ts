import { describe, expect, it } from 'vitest';
import { clientAddress } from './client-address.js';

const addressOf = (ip: string, remoteAddress?: string) =>
  clientAddress({ ip, socket: { remoteAddress } } as never);

describe('clientAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['192.0.2.1:5678', '192.0.2.1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('reads %s as %s', (ip, address) => {
    expect(addressOf(ip, '127.0.0.1')).toBe(address);
  });

  it.each([
    'unknown',
    '_hidden',
    '',
    '192.0.2.999',
    '1.2.3',
    '[nonsense]:1',
    "'; --",
    '192.0.2.1, 192.0.2.2',
  ])('takes %j, which is no address, for the peer', (ip) =>
    expect(addressOf(ip, 'fe80::2%eth0')).toBe('fe80::2'),
  );

  it('is an address even when the peer has hung up', () => {
    expect(addressOf('unknown')).toBe('0.0.0.0');
  });
});
