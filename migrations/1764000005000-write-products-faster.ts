import type { MigrationInterface, QueryRunner } from 'typeorm';

const IS_LEARNABLE = `word >= 'A' AND word !~ '[0-9]' AND char_length(word) BETWEEN 3 AND 40`;
const NEW_WORDS = `SELECT DISTINCT word FROM (
  SELECT unnest(tsvector_to_array(ts_delete(after.search, tsvector_to_array(before.search)))) AS word
  FROM after JOIN before USING (id) WHERE after.search <> before.search) AS heard WHERE ${IS_LEARNABLE}`;
const WORDS = `SELECT DISTINCT word FROM (SELECT unnest(tsvector_to_array(search)) AS word FROM inserted) AS heard
  WHERE ${IS_LEARNABLE}`;

/**
 * What thousands of rows at once cost is mostly what is done for each of them: a regular expression with a bound of 64
 * builds its states anew each time, and so does a statement of a trigger.
 */
export class WriteProductsFaster1764000005000 implements MigrationInterface {
  name = 'WriteProductsFaster1764000005000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.replaceSkuCheck(queryRunner, `sku ~ '^[A-Za-z0-9._-]+$' AND char_length(sku) <= 64`);
    await queryRunner.query(`
      DROP TRIGGER product_words_update ON products;
      DROP FUNCTION product_words_of_updated()`);
    // Without a join the vocabulary is always looked up by its index, however many words there are when the plan is made.
    const learn = (words: string) => `
      DECLARE
        words CONSTANT text[] := ARRAY(${words});
      BEGIN
        IF cardinality(words) > 0 THEN
          INSERT INTO product_words (word) SELECT word FROM unnest(words) AS word
          WHERE word <> ALL (ARRAY(SELECT known.word FROM product_words AS known WHERE known.word = ANY (words)));
        END IF;
        RETURN NULL;
      END`;
    await queryRunner.query(`
      CREATE OR REPLACE FUNCTION product_words_of_inserted() RETURNS trigger LANGUAGE plpgsql
      AS $$ ${learn(WORDS)} $$`);
    // A plan that was made for one changed row serves thousands, too, if it hashes them.
    await queryRunner.query(`
      CREATE FUNCTION product_words_of_updated() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off
      AS $$ ${learn(NEW_WORDS)} $$;
      CREATE TRIGGER product_words_update AFTER UPDATE ON products REFERENCING OLD TABLE AS before NEW TABLE AS after
        FOR EACH STATEMENT EXECUTE FUNCTION product_words_of_updated()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await this.replaceSkuCheck(queryRunner, `sku ~ '^[A-Za-z0-9._-]{1,64}$'`);
    await queryRunner.query(`
      DROP TRIGGER product_words_update ON products;
      DROP FUNCTION product_words_of_updated()`);
    const learn = (source: string) => `
      BEGIN
        INSERT INTO product_words (word) SELECT DISTINCT word FROM ${source} AS heard (word)
        WHERE word !~ '[0-9]' AND char_length(word) BETWEEN 3 AND 40
          AND NOT EXISTS (SELECT FROM product_words AS known WHERE known.word = heard.word);
        RETURN NULL;
      END`;
    await queryRunner.query(`
      CREATE OR REPLACE FUNCTION product_words_of_inserted() RETURNS trigger LANGUAGE plpgsql
      AS $$ ${learn('inserted, unnest(tsvector_to_array(inserted.search))')} $$;
      CREATE FUNCTION product_words_of_updated() RETURNS trigger LANGUAGE plpgsql
      AS $$ ${learn('unnest(tsvector_to_array(ts_delete(NEW.search, tsvector_to_array(OLD.search))))')} $$;
      CREATE TRIGGER product_words_update AFTER UPDATE OF name, sku, description ON products FOR EACH ROW
        WHEN (OLD.search <> NEW.search) EXECUTE FUNCTION product_words_of_updated()`);
  }

  private async replaceSkuCheck(queryRunner: QueryRunner, condition: string): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE products DROP CONSTRAINT products_sku_check,
        ADD CONSTRAINT products_sku_check CHECK (${condition})`);
  }
}
