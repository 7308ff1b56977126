export const IMPORT_STATUSES = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const;

export type ImportStatus = (typeof IMPORT_STATUSES)[number];
