import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateTwoStep1763700004000 implements MigrationInterface {
  name = 'CreateTwoStep1763700004000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE two_step_secrets (
        user_id uuid NOT NULL,
        sealed_secret text NOT NULL,
        confirmed_at timestamptz(3),
        last_step bigint NOT NULL DEFAULT 0,
        tries integer NOT NULL DEFAULT 0,
        tried_at timestamptz(3),
        created_at timestamptz(3) NOT NULL,
        CONSTRAINT two_step_secrets_pkey PRIMARY KEY (user_id),
        CONSTRAINT two_step_secrets_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
      )`);
    await queryRunner.query(`
      CREATE TABLE recovery_codes (
        user_id uuid NOT NULL,
        code_hash bytea NOT NULL,
        CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash),
        CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id)
          REFERENCES two_step_secrets (user_id) ON DELETE CASCADE
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE recovery_codes`);
    await queryRunner.query(`DROP TABLE two_step_secrets`);
  }
}
