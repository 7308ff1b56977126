import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateEvents1763700000000 implements MigrationInterface {
  name = 'CreateEvents1763700000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE events (
        id uuid NOT NULL,
        position bigint GENERATED ALWAYS AS IDENTITY,
        type text NOT NULL,
        actor_type text NOT NULL,
        actor_id uuid,
        resource_type text NOT NULL,
        resource_id uuid,
        changes jsonb,
        details jsonb,
        trace_id text,
        created_at timestamptz(3) NOT NULL,
        CONSTRAINT events_pkey PRIMARY KEY (id),
        CONSTRAINT events_actor_type_check CHECK (actor_type IN ('user', 'api_key', 'system'))
      )`);
    await queryRunner.query(`CREATE UNIQUE INDEX events_position_key ON events (position)`);
    await queryRunner.query(
      `CREATE INDEX events_resource_idx ON events (resource_type, resource_id, position)`,
    );
    await queryRunner.query(`
      CREATE FUNCTION events_are_final() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'events can be neither changed nor deleted'; END $$`);
    await queryRunner.query(`
      CREATE TRIGGER events_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON events
      FOR EACH STATEMENT EXECUTE FUNCTION events_are_final()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE events`);
    await queryRunner.query(`DROP FUNCTION events_are_final()`);
  }
}
