import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What decides about running tokens is announced to every instance by the database, whoever changes it. */
export class AnnounceAccessChanges1763700001000 implements MigrationInterface {
  name = 'AnnounceAccessChanges1763700001000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL`);
    await queryRunner.query(`
      CREATE FUNCTION users_access() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF lower(NEW.email) <> lower(OLD.email) THEN
          NEW.email_verified := false;
        END IF;
        IF (NEW.role, NEW.is_active, NEW.email_verified, NEW.deleted_at, NEW.sessions_valid_from)
          IS DISTINCT FROM (OLD.role, OLD.is_active, OLD.email_verified, OLD.deleted_at, OLD.sessions_valid_from) THEN
          NEW.access_changed_at := clock_timestamp();
          PERFORM pg_notify('access', json_build_object('user', json_build_object(
            'id', NEW.id, 'role', NEW.role, 'isActive', NEW.is_active, 'emailVerified', NEW.email_verified,
            'isDeleted', NEW.deleted_at IS NOT NULL, 'version', NEW.version,
            'sessionsValidFrom', floor(extract(epoch FROM NEW.sessions_valid_from) * 1000)))::text);
        END IF;
        RETURN NEW;
      END $$`);
    await queryRunner.query(
      `CREATE TRIGGER users_access BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_access()`,
    );
    await queryRunner.query(`
      CREATE FUNCTION sessions_ended() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('access', json_build_object('session', NEW.id)::text);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER sessions_ended AFTER UPDATE OF ended_at ON sessions FOR EACH ROW
      WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION sessions_ended()`);
    await queryRunner.query(`ALTER TABLE sessions ADD second_factor boolean NOT NULL DEFAULT false`);
    // One time for both limits: 30 days after the last use, 90 days after the beginning.
    await queryRunner.query(
      `UPDATE sessions SET expires_at = LEAST(expires_at, last_used_at + interval '30 days')`,
    );
    await queryRunner.query(`CREATE INDEX sessions_expires_at_idx ON sessions (expires_at)`);
    await queryRunner.query(`DROP INDEX sessions_user_id_idx`);
    await queryRunner.query(
      `CREATE INDEX sessions_user_id_idx ON sessions (user_id, created_at, id) WHERE ended_at IS NULL`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX sessions_user_id_idx`);
    await queryRunner.query(`CREATE INDEX sessions_user_id_idx ON sessions (user_id)`);
    await queryRunner.query(`DROP INDEX sessions_expires_at_idx`);
    await queryRunner.query(`UPDATE sessions SET expires_at = created_at + interval '90 days'`);
    await queryRunner.query(`ALTER TABLE sessions DROP COLUMN second_factor`);
    await queryRunner.query(`DROP TRIGGER sessions_ended ON sessions`);
    await queryRunner.query(`DROP FUNCTION sessions_ended()`);
    await queryRunner.query(`DROP TRIGGER users_access ON users`);
    await queryRunner.query(`DROP FUNCTION users_access()`);
    // Accounts without a password came with this version; the one before cannot hold them open.
    await queryRunner.query(`UPDATE users SET password_hash = '' WHERE password_hash IS NULL`);
    await queryRunner.query(`ALTER TABLE users ALTER COLUMN password_hash SET NOT NULL`);
  }
}
