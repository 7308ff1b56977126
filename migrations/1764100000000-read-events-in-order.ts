import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lets a reader follow the log by position, although a transaction may commit after one that drew a higher position.
 *
 * A transaction that appends holds a shared lock whose key is the last position drawn before its own: the trigger takes
 * it before the statement computes its first row, so all positions of the transaction are above the key, and it is
 * released only once they can be seen. A reader looks first at the last position drawn (a), then at the keys that are
 * held (b), and then takes its snapshot (c). Of a transaction whose key it did not see at (b), either everything is
 * visible at (c), or the transaction drew its positions after (b), hence above (a). So nothing up to the lower one of
 * (a) and the least key of (b) can appear after (c). (Rolled back positions stay empty for ever.)
 */
export class ReadEventsInOrder1764100000000 implements MigrationInterface {
  name = 'ReadEventsInOrder1764100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Only the first append of a transaction takes a lock: later ones draw higher positions. Both the note of that and
    // the lock end with the transaction, or with the savepoint that it goes back to.
    await queryRunner.query(`
      CREATE FUNCTION hold_events_position() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF coalesce(current_setting('stockroom.appends_events', true), '') = '' THEN
          PERFORM set_config('stockroom.appends_events', 'yes', true);
          PERFORM pg_advisory_xact_lock_shared(
            1954312, coalesce(pg_sequence_last_value('events_position_seq'), 0)::bit(32)::int);
        END IF;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER events_hold_position BEFORE INSERT ON events
      FOR EACH STATEMENT EXECUTE FUNCTION hold_events_position()`);
    // Of a key there are the lower 32 bits; the rest follows from (a), unless 2,000,000,000 positions were drawn since.
    await queryRunner.query(`
      CREATE FUNCTION events_safe_position() RETURNS bigint LANGUAGE plpgsql AS $$
      DECLARE
        latest CONSTANT bigint := coalesce(pg_sequence_last_value('events_position_seq'), 0);
      BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
          RAISE EXCEPTION 'a snapshot that is taken before the safe position is known may lack events up to it';
        END IF;
        RETURN (
          SELECT least(latest, min(latest - (latest - objid::bigint)::bit(32)::int)) FROM pg_locks
          WHERE locktype = 'advisory' AND classid = 1954312 AND objsubid = 2
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()));
      END $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION events_safe_position()`);
    await queryRunner.query(`DROP TRIGGER events_hold_position ON events`);
    await queryRunner.query(`DROP FUNCTION hold_events_position()`);
  }
}
