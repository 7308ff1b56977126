import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsers1763600000000 implements MigrationInterface {
  name = 'CreateUsers1763600000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE EXTENSION IF NOT EXISTS pg_trgm`);
    await queryRunner.query(`
      CREATE TABLE users (
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        deleted_at timestamptz(3),
        version integer NOT NULL,
        id uuid NOT NULL,
        email text NOT NULL,
        full_name text NOT NULL,
        password_hash text NOT NULL,
        role text NOT NULL DEFAULT 'customer',
        is_active boolean NOT NULL DEFAULT true,
        email_verified boolean NOT NULL DEFAULT false,
        sessions_valid_from timestamptz(3) NOT NULL,
        access_changed_at timestamptz(3) NOT NULL,
        CONSTRAINT users_pkey PRIMARY KEY (id),
        CONSTRAINT users_email_check CHECK (char_length(email) BETWEEN 3 AND 254),
        CONSTRAINT users_full_name_check CHECK (char_length(full_name) BETWEEN 2 AND 100),
        CONSTRAINT users_role_check CHECK (role IN ('customer', 'manager', 'admin'))
      )`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX users_email_key ON users (lower(email)) WHERE deleted_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX users_created_at_idx ON users (created_at, id) WHERE deleted_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX users_role_idx ON users (role, created_at, id) WHERE deleted_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX users_inactive_idx ON users (created_at, id) WHERE deleted_at IS NULL AND NOT is_active`,
    );
    await queryRunner.query(`CREATE INDEX users_access_changed_at_idx ON users (access_changed_at)`);
    await queryRunner.query(
      `CREATE INDEX users_search_idx ON users USING gin ((email || ' ' || full_name) gin_trgm_ops) WHERE deleted_at IS NULL`,
    );
    // Leaves the planner no choice: it would rather walk a whole sort index for a few rows than ask the search index.
    await queryRunner.query(`
      CREATE FUNCTION users_like(pattern text, other_pattern text, max_rows integer) RETURNS SETOF users
      LANGUAGE sql STABLE PARALLEL SAFE ROWS 500 SET enable_seqscan = off SET enable_indexscan = off
      AS $$ SELECT * FROM users WHERE deleted_at IS NULL AND
        ((email || ' ' || full_name) ILIKE pattern OR (email || ' ' || full_name) ILIKE other_pattern) LIMIT max_rows $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION users_like(text, text, integer)`);
    await queryRunner.query(`DROP TABLE users`);
    await queryRunner.query(`DROP EXTENSION pg_trgm`);
  }
}
