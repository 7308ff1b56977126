import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAttempts1763700005000 implements MigrationInterface {
  name = 'CreateAttempts1763700005000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Unlogged: a hit costs no write-ahead log and no flush. A crash or a failover of the server empties the table, which
    // gives everybody a new minute, and nothing worse. Room is left in each page to update rows where they are.
    await queryRunner.query(`
      CREATE UNLOGGED TABLE attempts (
        key bytea NOT NULL,
        hits integer NOT NULL,
        strikes smallint NOT NULL,
        resets_at timestamptz(3) NOT NULL,
        CONSTRAINT attempts_pkey PRIMARY KEY (key)
      ) WITH (fillfactor = 70)`);
    await queryRunner.query(`CREATE INDEX attempts_resets_at_idx ON attempts (resets_at)`);
    await queryRunner.query(`
      CREATE TABLE known_addresses (
        key bytea NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        CONSTRAINT known_addresses_pkey PRIMARY KEY (key)
      )`);
    await queryRunner.query(`CREATE INDEX known_addresses_expires_at_idx ON known_addresses (expires_at)`);
    await queryRunner.query(TAKE_ATTEMPTS);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION take_attempts(bytea, bytea, bytea, bigint)`);
    await queryRunner.query(`DROP TABLE known_addresses`);
    await queryRunner.query(`DROP TABLE attempts`);
  }
}

/**
 * Takes one attempt from the budget of the address, and if that allows it, one from the budget of the account: a row for
 * each that was asked, in this order. The row locks make it exact whoever counts, and always come in this order, so that
 * nobody waits for each other. Where the account has signed in from this address before, it has a budget of its own there.
 *
 * `hits` beyond `allowed` mean refused until `resets_at`. Refused attempts change nothing. The first overrun waits for the
 * rest of its minute; one in a window that follows within 15 minutes for 2, then 4, 8 and at most 15 minutes.
 */
const TAKE_ATTEMPTS = `
  CREATE FUNCTION take_attempts(address bytea, account bytea, account_at_address bytea, allowed bigint)
  RETURNS TABLE (taken integer, seconds_left integer)
  LANGUAGE plpgsql ROWS 2 AS $$
  DECLARE
    budget bytea;
    at timestamptz;
    ends timestamptz;
  BEGIN
    IF EXISTS (SELECT FROM known_addresses k WHERE k.key = account_at_address AND k.expires_at > now()) THEN
      account := sha256(account || address);
    END IF;
    FOREACH budget IN ARRAY ARRAY[address, account] LOOP
      EXIT WHEN budget IS NULL;
      at := date_trunc('milliseconds', clock_timestamp());
      SELECT a.hits, a.resets_at INTO taken, ends FROM attempts a
        WHERE a.key = budget AND a.hits > allowed AND a.resets_at > at;
      IF NOT FOUND THEN
        INSERT INTO attempts AS a (key, hits, strikes, resets_at) VALUES (budget, 1, 0, at + interval '1 minute')
        ON CONFLICT ON CONSTRAINT attempts_pkey DO UPDATE SET
          hits = CASE WHEN a.resets_at > at THEN a.hits + 1 ELSE 1 END,
          strikes = CASE
            WHEN a.resets_at > at THEN least(a.strikes + (a.hits = allowed)::integer, 5)
            WHEN a.hits > allowed AND a.resets_at > at - interval '15 minutes' THEN a.strikes
            ELSE 0 END,
          resets_at = CASE
            WHEN a.resets_at <= at THEN at + interval '1 minute'
            WHEN a.hits = allowed AND a.strikes > 0 THEN at + least(2 ^ a.strikes, 15) * interval '1 minute'
            ELSE a.resets_at END
        RETURNING a.hits, a.resets_at INTO taken, ends;
      END IF;
      seconds_left := greatest(1, ceil(extract(epoch FROM ends - date_trunc('milliseconds', clock_timestamp()))));
      RETURN NEXT;
      EXIT WHEN taken > allowed;
    END LOOP;
  END $$`;
