import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateOneTimeTokens1763700002000 implements MigrationInterface {
  name = 'CreateOneTimeTokens1763700002000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE one_time_tokens (
        id uuid NOT NULL,
        purpose text NOT NULL,
        user_id uuid NOT NULL,
        email text,
        token_hash bytea NOT NULL,
        attempts smallint NOT NULL DEFAULT 0,
        created_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        CONSTRAINT one_time_tokens_pkey PRIMARY KEY (id),
        CONSTRAINT one_time_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
      )`);
    await queryRunner.query(`CREATE INDEX one_time_tokens_user_id_idx ON one_time_tokens (user_id, purpose)`);
    await queryRunner.query(`CREATE INDEX one_time_tokens_expires_at_idx ON one_time_tokens (expires_at)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE one_time_tokens`);
  }
}
