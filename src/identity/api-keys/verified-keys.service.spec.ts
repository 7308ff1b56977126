import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Caller } from '../../http/access/caller.js';
import type { Listener, PgListener } from '../../platform/database/pg-listener.js';
import { VerifiedKeysService } from './verified-keys.service.js';
import type { VerifiedKey } from './verified-keys.service.js';

let keys: VerifiedKeysService;
let listener: Listener;
let isCurrent: boolean;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  isCurrent = true;
  const notifications = {
    listen: (channel: string, given: Listener) => (listener = channel === 'api_keys' ? given : listener),
    isCurrent: () => isCurrent,
  };
  keys = new VerifiedKeysService(notifications as unknown as PgListener);
  keys.onModuleInit();
});
afterEach(() => {
  vi.useRealTimers();
});

const aKey = (id: string, userId = 'ann'): VerifiedKey => ({
  id,
  secretHash: Buffer.alloc(32),
  expiresAt: null,
  caller: { userId, apiKeyId: id } as Caller,
});

function remember(...known: VerifiedKey[]): void {
  for (const key of known) keys.remember(key, keys.beginReading());
}

const found = (...ids: string[]) => ids.filter((id) => keys.find(id) !== undefined);
const announce = (change: object) => listener.onPayload(JSON.stringify(change));

describe('VerifiedKeysService', () => {
  it('knows what it was told, and for as long as the line is up', () => {
    const key = aKey('k1');
    remember(key);
    expect(keys.find('k1')).toBe(key);
    expect(keys.find('k2')).toBeUndefined();
    vi.advanceTimersByTime(3_600_000);
    expect(keys.find('k1')).toBe(key);
  });

  it('forgets a key that has changed, and no other', () => {
    remember(aKey('k1'), aKey('k2'), aKey('k3', 'bob'));
    announce({ key: 'k1' });
    keys.forget('k3');
    expect(found('k1', 'k2', 'k3')).toEqual(['k2']);
    remember(aKey('k1'));
    expect(found('k1', 'k2', 'k3')).toEqual(['k1', 'k2']);
  });

  it('forgets all keys of an owner who has changed, and believes only those that are read again', () => {
    remember(aKey('k1'), aKey('k2'), aKey('k3', 'bob'));
    announce({ user: 'ann' });
    expect(found('k1', 'k2', 'k3')).toEqual(['k3']);
    remember(aKey('k1'));
    expect(found('k1', 'k2', 'k3')).toEqual(['k1', 'k3']);
  });

  it.each([{ key: 'k1' }, { user: 'ann' }])(
    'does not remember what was read before %j was announced, and comes after',
    (change) => {
      const reading = keys.beginReading();
      announce(change);
      keys.remember(aKey('k1'), reading);
      expect(found('k1')).toEqual([]);
    },
  );

  it('forgets everything, and what is being read, whenever the line comes up: it may have missed something', async () => {
    remember(aKey('k1'), aKey('k2', 'bob'));
    const reading = keys.beginReading();
    await listener.onConnect();
    keys.remember(aKey('k3'), reading);
    expect(found('k1', 'k2', 'k3')).toEqual([]);
  });

  it('believes a key for a second from its reading while the line is down', () => {
    isCurrent = false;
    const reading = keys.beginReading();
    vi.advanceTimersByTime(600);
    keys.remember(aKey('k1'), reading);
    vi.advanceTimersByTime(399);
    expect(found('k1')).toEqual(['k1']);
    vi.advanceTimersByTime(1);
    expect(found('k1')).toEqual([]);
  });

  it('keeps the memory bounded, whatever is announced', () => {
    remember(...Array.from({ length: 10_000 }, (_, n) => aKey(`k${n}`, `u${n}`)));
    for (let n = 0; n < 10_000; n += 1) announce({ key: `x${n}`, user: `y${n}` });
    expect(found('k0', 'k9999')).toEqual(['k0', 'k9999']);
    remember(aKey('k10000', 'u10000'));
    expect(found('k0', 'k1', 'k10000')).toEqual(['k0', 'k10000']);
  });
});
