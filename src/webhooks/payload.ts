import type { LoggedEvent } from '../platform/events/logged-event.entity.js';

/** Standard Webhooks asks for less than 20 kB. */
const MAX_BYTES = 20_000;

/**
 * What is sent of an event: `{type, timestamp, data}`. Of one that would be too long, changes and details are left out,
 * and `truncated` says so: whoever needs the changes finds them in the audit log, by the id.
 */
export function payloadOf(event: LoggedEvent): string {
  const whole = textOf(event, false);
  return Buffer.byteLength(whole) < MAX_BYTES
    ? whole
    : textOf({ ...event, changes: null, details: null }, true);
}

/** What a test sends. */
export function pingPayload(endpointId: string, at: Date): string {
  return JSON.stringify({ type: PING, timestamp: at.toISOString(), data: { endpoint_id: endpointId } });
}

/** Of no event of the log: somebody wants to see whether it arrives. */
export const PING = 'webhook.ping';

function textOf(event: LoggedEvent, truncated: boolean): string {
  const createdAt = event.createdAt.toISOString();
  const data = {
    id: event.id,
    position: Number(event.position),
    actor_type: event.actorType,
    actor_id: event.actorId,
    resource_type: event.resourceType,
    resource_id: event.resourceId,
    changes: event.changes,
    details: event.details,
    trace_id: event.traceId,
    created_at: createdAt,
    truncated,
  };
  return JSON.stringify({ type: event.type, timestamp: createdAt, data });
}
