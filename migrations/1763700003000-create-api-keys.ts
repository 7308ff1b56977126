import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateApiKeys1763700003000 implements MigrationInterface {
  name = 'CreateApiKeys1763700003000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE api_keys (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        name text NOT NULL,
        scopes text[] NOT NULL,
        secret_hash bytea NOT NULL,
        made_with uuid,
        version integer NOT NULL,
        expires_at timestamptz(3),
        last_used_at timestamptz(3),
        created_at timestamptz(3) NOT NULL,
        revoked_at timestamptz(3),
        CONSTRAINT api_keys_pkey PRIMARY KEY (id),
        CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT api_keys_made_with_fkey FOREIGN KEY (made_with) REFERENCES api_keys (id) ON DELETE CASCADE,
        CONSTRAINT api_keys_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
        CONSTRAINT api_keys_scopes_check CHECK (cardinality(scopes) > 0)
      )`);
    await queryRunner.query(
      `CREATE INDEX api_keys_user_id_idx ON api_keys (user_id, created_at, id) WHERE revoked_at IS NULL`,
    );
    await this.announceChanges(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TRIGGER api_keys_owner_changed ON users`);
    await queryRunner.query(`DROP FUNCTION api_keys_owner_changed()`);
    await queryRunner.query(`DROP TABLE api_keys`);
    await queryRunner.query(`DROP FUNCTION api_keys_changed()`);
  }

  /** Instances remember keys that they have seen; whoever changes one, or its owner, the database tells them all. */
  private async announceChanges(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION api_keys_changed() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('api_keys', json_build_object('key', OLD.id)::text);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER api_keys_changed
      AFTER UPDATE OF user_id, scopes, secret_hash, expires_at, revoked_at OR DELETE ON api_keys
      FOR EACH ROW EXECUTE FUNCTION api_keys_changed()`);
    await queryRunner.query(`
      CREATE FUNCTION api_keys_owner_changed() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('api_keys', json_build_object('user', NEW.id)::text);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER api_keys_owner_changed AFTER UPDATE ON users FOR EACH ROW
      WHEN ((OLD.role, OLD.is_active, OLD.email_verified, OLD.deleted_at)
        IS DISTINCT FROM (NEW.role, NEW.is_active, NEW.email_verified, NEW.deleted_at))
      EXECUTE FUNCTION api_keys_owner_changed()`);
  }
}
