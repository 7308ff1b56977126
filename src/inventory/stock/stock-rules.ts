/** How much of a product there can be. Twice as much is still an integer of the database, so that sums do not overflow. */
export const MAX_ON_HAND = 1_000_000_000;

/** The most that moves at once. */
export const MAX_QUANTITY = MAX_ON_HAND;

/** Why stock moves, as far as clients say it. */
export const CLIENT_REASONS = ['receipt', 'adjustment', 'return', 'loss'] as const;
export type ClientReason = (typeof CLIENT_REASONS)[number];

/** Shipments are written by orders only. */
export const MOVEMENT_REASONS = [...CLIENT_REASONS, 'shipment'] as const;
export type MovementReason = (typeof MOVEMENT_REASONS)[number];
