import type { MigrationInterface, QueryRunner } from 'typeorm';

const COLUMNS = `id, position, type, actor_type, actor_id, resource_type, resource_id, changes, details, trace_id, created_at`;

/**
 * Months of events are tables of their own, so that old ones can be dropped whole, and their indexes stay small. A key of
 * such a table has to hold the time: that of an id is known from the id itself, and positions are unique because they come
 * from one sequence.
 */
export class PartitionEvents1764100001000 implements MigrationInterface {
  name = 'PartitionEvents1764100001000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const last = await setAside(queryRunner);
    await queryRunner.query(`
      CREATE TABLE events (
        id uuid NOT NULL,
        position bigint NOT NULL,
        type text NOT NULL,
        actor_type text NOT NULL,
        actor_id uuid,
        resource_type text NOT NULL,
        resource_id uuid,
        changes jsonb,
        details jsonb,
        trace_id text,
        created_at timestamptz(3) NOT NULL,
        CONSTRAINT events_pkey PRIMARY KEY (created_at, id),
        CONSTRAINT events_actor_type_check CHECK (actor_type IN ('user', 'api_key', 'system'))
      ) PARTITION BY RANGE (created_at)`);
    await queryRunner.query(`CREATE SEQUENCE events_position_seq OWNED BY events.position`);
    await queryRunner.query(
      `ALTER TABLE events ALTER COLUMN position SET DEFAULT nextval('events_position_seq')`,
    );
    await continueAfter(queryRunner, last);
    await queryRunner.query(`CREATE INDEX events_position_idx ON events (position)`);
    await queryRunner.query(`CREATE INDEX events_type_idx ON events (type, created_at)`);
    await queryRunner.query(`CREATE INDEX events_resource_type_idx ON events (resource_type, created_at)`);
    await queryRunner.query(`CREATE INDEX events_resource_idx ON events (resource_id, created_at)`);
    await queryRunner.query(`CREATE INDEX events_actor_idx ON events (actor_id, created_at)`);
    await createPartitionFunctions(queryRunner);
    await queryRunner.query(`SELECT protect_events('events')`);
    await queryRunner.query(`CREATE TABLE events_default PARTITION OF events DEFAULT`);
    await queryRunner.query(`SELECT protect_events('events_default')`);
    await queryRunner.query(`
      SELECT add_events_partition(month::date)
      FROM generate_series(
        (SELECT date_trunc('month', min(created_at), 'UTC') FROM events_before), now(), interval '1 month') AS month`);
    await queryRunner.query(`SELECT keep_events_partitions(0)`);
    await queryRunner.query(
      `INSERT INTO events (${COLUMNS}) SELECT ${COLUMNS} FROM events_before ORDER BY position`,
    );
    await queryRunner.query(`DROP TABLE events_before`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const last = await setAside(queryRunner);
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
    await continueAfter(queryRunner, last);
    await queryRunner.query(`CREATE UNIQUE INDEX events_position_key ON events (position)`);
    await queryRunner.query(
      `CREATE INDEX events_resource_idx ON events (resource_type, resource_id, position)`,
    );
    await queryRunner.query(`SELECT protect_events('events')`);
    await queryRunner.query(
      `INSERT INTO events (${COLUMNS}) OVERRIDING SYSTEM VALUE SELECT ${COLUMNS} FROM events_before ORDER BY position`,
    );
    await queryRunner.query(`DROP TABLE events_before`);
    await queryRunner.query(`DROP FUNCTION keep_events_partitions(integer)`);
    await queryRunner.query(`DROP FUNCTION add_events_partition(date)`);
    await queryRunner.query(`DROP FUNCTION protect_events(regclass)`);
  }
}

/** The table as it is becomes `events_before`, and gives up its names. Returns the last position that was drawn, if any. */
async function setAside(queryRunner: QueryRunner): Promise<string | null> {
  const [sequence] = (await queryRunner.query(
    `SELECT pg_sequence_last_value('events_position_seq') AS last`,
  )) as [{ last: string | null }];
  await queryRunner.query(`ALTER TABLE events RENAME TO events_before`);
  await queryRunner.query(`ALTER TABLE events_before DROP CONSTRAINT events_pkey`);
  await queryRunner.query(`DROP INDEX IF EXISTS events_position_key, events_position_idx, events_type_idx,
    events_resource_type_idx, events_resource_idx, events_actor_idx`);
  await queryRunner.query(`ALTER TABLE events_before ALTER COLUMN position DROP IDENTITY IF EXISTS`);
  await queryRunner.query(`DROP SEQUENCE IF EXISTS events_position_seq CASCADE`);
  return sequence.last;
}

async function continueAfter(queryRunner: QueryRunner, last: string | null): Promise<void> {
  if (last !== null) await queryRunner.query(`SELECT setval('events_position_seq', $1)`, [last]);
}

async function createPartitionFunctions(queryRunner: QueryRunner): Promise<void> {
  // Triggers of a statement belong to the table that it names: each partition has its own.
  await queryRunner.query(`
    CREATE FUNCTION protect_events(part regclass) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      EXECUTE format('CREATE TRIGGER events_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION events_are_final()', part);
      EXECUTE format('CREATE TRIGGER events_hold_position BEFORE INSERT ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION hold_events_position()', part);
    END $$`);
  // Attached rather than made in its place, so that nobody who appends has to wait.
  await queryRunner.query(`
    CREATE FUNCTION add_events_partition(month date) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
      part CONSTANT text := to_char(month, '"events_"YYYY_MM');
      beginning CONSTANT timestamptz := month::timestamp AT TIME ZONE 'UTC';
      ending CONSTANT timestamptz := (month + interval '1 month') AT TIME ZONE 'UTC';
    BEGIN
      IF to_regclass(part) IS NOT NULL THEN
        RETURN NULL;
      ELSIF EXISTS (SELECT FROM events_default WHERE created_at >= beginning AND created_at < ending) THEN
        RETURN format('%s is not made, as there are events of that month in events_default', part);
      END IF;
      EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
      EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, beginning, ending);
      PERFORM protect_events(part::regclass);
      RETURN format('%s is made', part);
    END $$`);
  const [{ schema }] = (await queryRunner.query(`SELECT quote_ident(current_schema()) AS schema`)) as [
    { schema: string },
  ];
  // The service's role need not be able to change the schema, hence SECURITY DEFINER. What may go is bounded, too: whoever
  // gets hold of that role cannot remove the traces of it.
  await queryRunner.query(`
    CREATE FUNCTION keep_events_partitions(retention_days integer) RETURNS SETOF text LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = ${schema}, pg_temp SET lock_timeout = '500ms' AS $$
    DECLARE
      part text;
    BEGIN
      IF retention_days < 0 OR retention_days BETWEEN 1 AND 29 THEN
        RAISE EXCEPTION 'events are kept for 30 days or longer, or for ever (0)';
      END IF;
      LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE;
      FOR ahead IN 0..2 LOOP
        part := add_events_partition((date_trunc('month', now() AT TIME ZONE 'UTC') + ahead * interval '1 month')::date);
        IF part IS NOT NULL THEN RETURN NEXT part; END IF;
      END LOOP;
      FOR part IN
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'events'::regclass AND relname ~ '^events_\\d{4}_\\d{2}$' AND retention_days > 0
          AND to_date(right(relname, 7), 'YYYY_MM') + interval '1 month'
            <= (now() AT TIME ZONE 'UTC') - make_interval(days => retention_days)
        ORDER BY relname
      LOOP
        EXECUTE format('DROP TABLE %I', part);
        RETURN NEXT format('%s is dropped, being older than %s days', part, retention_days);
      END LOOP;
    END $$`);
  await queryRunner.query(`REVOKE EXECUTE ON FUNCTION keep_events_partitions(integer) FROM PUBLIC`);
}
