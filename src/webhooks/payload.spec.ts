import { describe, expect, it } from 'vitest';
import type { LoggedEvent } from '../platform/events/logged-event.entity.js';
import { payloadOf, pingPayload } from './payload.js';

const event: LoggedEvent = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  position: '42',
  type: 'stock.moved',
  actorType: 'system',
  actorId: null,
  resourceType: 'stock',
  resourceId: '01890a5d-ac96-774b-bcce-b302099a8058',
  changes: { on_hand: [1, 2] },
  details: { reason: 'receipt' },
  traceId: 'a'.repeat(32),
  createdAt: new Date('2026-03-01T09:30:00.000Z'),
};

describe('payloadOf', () => {
  it('is the event, as Standard Webhooks want it', () => {
    expect(JSON.parse(payloadOf(event))).toEqual({
      type: 'stock.moved',
      timestamp: '2026-03-01T09:30:00.000Z',
      data: {
        id: event.id,
        position: 42,
        actor_type: 'system',
        actor_id: null,
        resource_type: 'stock',
        resource_id: event.resourceId,
        changes: { on_hand: [1, 2] },
        details: { reason: 'receipt' },
        trace_id: event.traceId,
        created_at: '2026-03-01T09:30:00.000Z',
        truncated: false,
      },
    });
  });

  it.each(['x', 'ä', '😀'])('is never 20 kB, however long a text of %s is', (letter) => {
    const whole = payloadOf(event).length;
    for (const length of [19_999 - whole, 20_000, 100_000]) {
      const text = payloadOf({ ...event, details: { reason: 'receipt', text: letter.repeat(length) } });
      expect(Buffer.byteLength(text)).toBeLessThan(20_000);
    }
  });

  it('says so where it left something out', () => {
    const { data } = JSON.parse(payloadOf({ ...event, details: { text: 'x'.repeat(20_000) } })) as {
      data: object;
    };
    expect(data).toMatchObject({ id: event.id, changes: null, details: null, truncated: true });
  });
});

describe('pingPayload', () => {
  it('names the endpoint', () => {
    expect(JSON.parse(pingPayload('e', new Date(0)))).toEqual({
      type: 'webhook.ping',
      timestamp: '1970-01-01T00:00:00.000Z',
      data: { endpoint_id: 'e' },
    });
  });
});
