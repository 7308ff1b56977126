import { QueryFailedError } from 'typeorm';

/** The SQLSTATE of what a statement failed with (PostgreSQL, appendix A); undefined of anything else. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = ((error instanceof QueryFailedError ? error.driverError : error) ?? {}) as {
    code?: unknown;
  };
  return typeof code === 'string' ? code : undefined;
}
