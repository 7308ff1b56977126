/** Everything that the event log records: `<resource>.<what happened to it>`. */
export const EVENT_TYPES = [
  'user.registered',
  'user.created',
  'user.updated',
  'user.deleted',
  'user.email_verified',
  'user.password_changed',
  'user.password_reset_requested',
  'user.password_reset',
  'user.two_step_enabled',
  'user.two_step_disabled',
  'user.recovery_code_used',
  'user.recovery_codes_replaced',
  'user.identity_linked',
  'session.started',
  'session.refused',
  'session.replayed',
  'session.ended',
  'api_key.created',
  'api_key.revoked',
  'product.created',
  'product.updated',
  'product.deleted',
  'stock.moved',
  'stock.depleted',
  'stock.corrected',
  'order.created',
  'order.paid',
  'order.shipped',
  'order.delivered',
  'order.cancelled',
  'order.expired',
  'import.created',
  'import.succeeded',
  'import.failed',
  'import.cancelled',
  'webhook_endpoint.created',
  'webhook_endpoint.updated',
  'webhook_endpoint.deleted',
  'webhook_endpoint.disabled',
  'webhook_endpoint.secret_rotated',
] as const;

/** What it happened to: the part of a type before the dot. */
export function resourceTypeOf(type: EventType): string {
  return type.split('.', 1)[0] ?? '';
}

export const RESOURCE_TYPES: readonly string[] = [...new Set(EVENT_TYPES.map(resourceTypeOf))];

export type EventType = (typeof EVENT_TYPES)[number];
