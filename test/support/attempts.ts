import type { DataSource } from 'typeorm';

/** From now on, no time passes for the counters of attempts (logins and the like): no window of theirs ends by itself. */
export async function stopClockOfAttempts({ dataSource }: { dataSource: DataSource }): Promise<void> {
  await dataSource.query(`
    DO $$
    DECLARE function text;
    BEGIN
      CREATE SCHEMA stopped;
      FOREACH function IN ARRAY ARRAY['now', 'clock_timestamp'] LOOP
        EXECUTE format('CREATE FUNCTION stopped.%I() RETURNS timestamptz LANGUAGE sql AS $f$ SELECT %L::timestamptz $f$',
          function, date_trunc('milliseconds', now()));
      END LOOP;
      ALTER FUNCTION take_attempts SET search_path = stopped, pg_catalog, public;
    END $$`);
}
