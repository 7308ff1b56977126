/*
 * What statements of other features need to know of an account, as queries within theirs: so they take no trip more. The
 * arguments are SQL, too: a parameter or a column.
 */

/** The id of an active account that still has this password (null: none), and keeps it until the end of the transaction. */
export const userWithPassword = (id: string, passwordHash: string): string =>
  `SELECT id FROM users WHERE id = ${id} AND is_active AND deleted_at IS NULL
     AND password_hash IS NOT DISTINCT FROM ${passwordHash} FOR SHARE`;

/** The id of an account that still has this verified address, and keeps it until the end of the transaction. */
export const userWithVerifiedEmail = (id: string, email: string): string =>
  `SELECT id FROM users WHERE id = ${id} AND lower(email) = lower(${email}) AND email_verified AND deleted_at IS NULL
   FOR SHARE`;

/** The id of an active account; until the end of the transaction, nobody else locks it like this. */
export const lockedActiveUser = (id: string): string =>
  `SELECT id FROM users WHERE id = ${id} AND is_active AND deleted_at IS NULL FOR NO KEY UPDATE`;

/** The `role` and `email_verified` of an active account. */
export const accessOfUser = (id: string): string =>
  `SELECT role, email_verified FROM users WHERE users.id = ${id} AND is_active AND deleted_at IS NULL`;

/** The time before which the sessions of an account are over. */
export const sessionsValidFrom = (id: string): string =>
  `SELECT sessions_valid_from FROM users WHERE users.id = ${id}`;

/** A row, if the account is deleted. */
export const deletedUser = (id: string): string =>
  `SELECT FROM users WHERE users.id = ${id} AND deleted_at IS NOT NULL`;
