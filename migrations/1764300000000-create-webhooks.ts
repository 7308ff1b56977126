import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateWebhooks1764300000000 implements MigrationInterface {
  name = 'CreateWebhooks1764300000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE webhook_endpoints (
        id uuid NOT NULL,
        url text NOT NULL,
        description text,
        event_types text[] NOT NULL,
        is_active boolean NOT NULL DEFAULT true,
        disabled_reason text,
        sealed_secret text NOT NULL,
        sealed_old_secret text,
        old_secret_expires_at timestamptz(3),
        starts_behind bigint NOT NULL,
        failing_since timestamptz(3),
        created_by uuid NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        deleted_at timestamptz(3),
        version integer NOT NULL,
        CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (id),
        CONSTRAINT webhook_endpoints_url_check CHECK (char_length(url) BETWEEN 1 AND 2048),
        CONSTRAINT webhook_endpoints_description_check CHECK (char_length(description) <= 500),
        CONSTRAINT webhook_endpoints_event_types_check CHECK (cardinality(event_types) > 0),
        CONSTRAINT webhook_endpoints_disabled_reason_check CHECK (disabled_reason IN ('gone', 'failing')),
        CONSTRAINT webhook_endpoints_is_active_check CHECK (NOT is_active OR disabled_reason IS NULL),
        CONSTRAINT webhook_endpoints_old_secret_check CHECK ((sealed_old_secret IS NULL) = (old_secret_expires_at IS NULL))
      )`);
    await queryRunner.query(
      `CREATE INDEX webhook_endpoints_created_at_idx ON webhook_endpoints (created_at, id) WHERE deleted_at IS NULL`,
    );
    // What is in flight changes only in locked_until, which no index holds: room on the page spares them the change.
    await queryRunner.query(`
      CREATE TABLE webhook_deliveries (
        id uuid NOT NULL,
        endpoint_id uuid NOT NULL,
        event_id uuid,
        event_type text NOT NULL,
        payload text NOT NULL,
        status text NOT NULL DEFAULT 'pending',
        tries integer NOT NULL DEFAULT 0,
        attempts jsonb NOT NULL DEFAULT '[]',
        next_attempt_at timestamptz(3),
        locked_until timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        version integer NOT NULL DEFAULT 1,
        CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
        CONSTRAINT webhook_deliveries_event_id_key UNIQUE (endpoint_id, event_id),
        CONSTRAINT webhook_deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints (id),
        CONSTRAINT webhook_deliveries_status_check CHECK (status IN ('pending', 'succeeded', 'failed')),
        CONSTRAINT webhook_deliveries_next_attempt_at_check CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL))
      ) WITH (fillfactor = 80)`);
    await queryRunner.query(
      `CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (endpoint_id, next_attempt_at) WHERE status = 'pending'`,
    );
    await queryRunner.query(
      `CREATE INDEX webhook_deliveries_created_at_idx ON webhook_deliveries (endpoint_id, created_at, id)`,
    );
    await queryRunner.query(
      `CREATE INDEX webhook_deliveries_failed_idx ON webhook_deliveries (endpoint_id, created_at, id) WHERE status = 'failed'`,
    );
    await queryRunner.query(
      `CREATE INDEX webhook_deliveries_event_type_idx ON webhook_deliveries (endpoint_id, event_type, created_at, id)`,
    );
    await queryRunner.query(`
      CREATE TABLE webhook_cursor (
        is_only boolean NOT NULL DEFAULT true,
        position bigint NOT NULL,
        CONSTRAINT webhook_cursor_pkey PRIMARY KEY (is_only),
        CONSTRAINT webhook_cursor_is_only_check CHECK (is_only)
      )`);
    // Nobody is told of what happened before there were webhooks.
    await queryRunner.query(
      `INSERT INTO webhook_cursor (position) SELECT coalesce(max(position), 0) FROM events`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE webhook_cursor`);
    await queryRunner.query(`DROP TABLE webhook_deliveries`);
    await queryRunner.query(`DROP TABLE webhook_endpoints`);
  }
}
