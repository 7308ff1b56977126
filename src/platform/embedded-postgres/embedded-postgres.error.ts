/** Every expected failure of the embedded PostgreSQL. The message is for people: the cause, then the way out. */
export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError';
}

/** The `code` of a system error (EACCES, ENOENT...) or of a PostgreSQL one (SQLSTATE). */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const lastLines = (text: string, count = 12): string =>
  text.trim().split('\n').slice(-count).join('\n');
