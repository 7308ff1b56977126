import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { newSecret, signedHeaders } from './signature.js';

const message = { id: 'msg_1', payload: '{"type":"a.b","data":{"name":"Grüße"}}' };

describe('newSecret', () => {
  it('is of the specified shape and length, and another one each time', () => {
    const secrets = Array.from({ length: 20 }, newSecret);
    expect(new Set(secrets).size).toBe(20);
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]+=$/);
      expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
    }
  });
});

describe('signedHeaders', () => {
  it('signs as the reference library does', () => {
    const secret = newSecret();
    const at = new Date('2026-03-01T09:30:00.999Z');
    expect(signedHeaders(message, [secret], at)).toEqual({
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1772357400',
      'webhook-signature': new Webhook(secret).sign('msg_1', at, message.payload),
    });
  });

  it('signs the example of the specification', () => {
    const example = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', payload: '{"test": 2432232314}' };
    const at = new Date(1_614_265_330_000);
    expect(signedHeaders(example, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], at)).toMatchObject({
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is verified with each of the secrets, and with no other', () => {
    const secrets = [newSecret(), newSecret()];
    const headers = signedHeaders(message, secrets, new Date());
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const secret of secrets)
      expect(new Webhook(secret).verify(message.payload, headers)).toEqual(JSON.parse(message.payload));
    expect(() => new Webhook(newSecret()).verify(message.payload, headers)).toThrow('No matching signature');
    expect(() => new Webhook(secrets[0] ?? '').verify(`${message.payload} `, headers)).toThrow();
    const later = { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) };
    expect(() => new Webhook(secrets[0] ?? '').verify(message.payload, later)).toThrow();
  });
});
