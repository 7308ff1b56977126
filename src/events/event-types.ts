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
  'stock.moved',
  'stock.depleted',
  'stock.corrected',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
