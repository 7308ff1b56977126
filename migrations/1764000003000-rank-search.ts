import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What separates words, in a product as in a search: PostgreSQL's parser would take `2.5` or `AC/DC` for one word. */
const PUNCTUATION =
  '[!-/:-@[-`{-~\\u0080-\\u00a0\\u00ab\\u00b7\\u00bb\\u00d7\\u2000-\\u206f\\u3000-\\u3003\\ufeff]+';

/** Numbers and codes have no similar spelling: another number is another thing. */
const LEARNABLE = `word !~ '[0-9]' AND char_length(word) BETWEEN 3 AND 40`;

/** For ranked searches: the words of a name apart from all words, skus in any case, and the words that typos are near to. */
export class RankSearch1764000003000 implements MigrationInterface {
  name = 'RankSearch1764000003000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX products_search_idx;
      DROP INDEX products_similar_idx;
      DROP FUNCTION products_with_words(text, integer);
      DROP FUNCTION products_like(text, integer);
      DROP TRIGGER products_search_trigger ON products`);
    await this.createLanguage(queryRunner);
    await this.createWordsOfProducts(queryRunner);
    await this.createVocabulary(queryRunner);
    await this.createLearning(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP TRIGGER product_words_insert ON products;
      DROP TRIGGER product_words_update ON products;
      DROP FUNCTION product_words_of_inserted();
      DROP FUNCTION product_words_of_updated();
      DROP TABLE product_words`);
    await queryRunner.query(`
      DROP INDEX products_search_idx;
      DROP INDEX products_name_words_idx;
      DROP INDEX products_lower_sku_idx;
      DROP TRIGGER products_search_insert ON products;
      DROP TRIGGER products_search_update ON products`);
    await this.createFormerSearch(queryRunner);
    await queryRunner.query(`
      DROP FUNCTION products_words(text);
      DROP TEXT SEARCH CONFIGURATION products_english;
      DROP EXTENSION unaccent`);
  }

  /** English, with accents left out of its words. */
  private async createLanguage(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE EXTENSION IF NOT EXISTS unaccent;
      CREATE TEXT SEARCH CONFIGURATION products_english (COPY = pg_catalog.english);
      ALTER TEXT SEARCH CONFIGURATION products_english
        ALTER MAPPING FOR word, hword, hword_part WITH unaccent, english_stem`);
    // Without the positions of the words, which no search asks for.
    await queryRunner.query(`
      CREATE FUNCTION products_words(text text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
      RETURN strip(to_tsvector('products_english', regexp_replace(text, '${PUNCTUATION}', ' ', 'g')))`);
  }

  /**
   * One rewrite of the table makes the words of its rows; from then on a trigger does. Were the columns to stay generated,
   * the words of the name would be computed twice, as neither may refer to the other.
   */
  private async createWordsOfProducts(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE products
        ALTER COLUMN search TYPE tsvector USING products_words(concat_ws(' ', name, sku, description)),
        ADD COLUMN name_words tsvector NOT NULL GENERATED ALWAYS AS (products_words(name)) STORED;
      ALTER TABLE products ALTER COLUMN name_words DROP EXPRESSION`);
    await queryRunner.query(`
      CREATE OR REPLACE FUNCTION products_search_vector() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.name_words := products_words(NEW.name);
        NEW.search := NEW.name_words || products_words(concat_ws(' ', NEW.sku, NEW.description));
        RETURN NEW;
      END $$;
      CREATE TRIGGER products_search_insert BEFORE INSERT ON products
        FOR EACH ROW EXECUTE FUNCTION products_search_vector();
      CREATE TRIGGER products_search_update BEFORE UPDATE OF name, sku, description ON products FOR EACH ROW
        WHEN ((OLD.name, OLD.sku, OLD.description) IS DISTINCT FROM (NEW.name, NEW.sku, NEW.description))
        EXECUTE FUNCTION products_search_vector()`);
    // Two indexes of words, as one of both columns costs more to write.
    await queryRunner.query(`
      CREATE INDEX products_search_idx ON products USING gin (search) WHERE deleted_at IS NULL;
      CREATE INDEX products_name_words_idx ON products USING gin (name_words) WHERE deleted_at IS NULL;
      CREATE INDEX products_lower_sku_idx ON products (lower(sku COLLATE "C")) WHERE deleted_at IS NULL;
      ANALYZE products`);
  }

  /**
   * Every word that was ever in a product, as the text search reduces it. Words are not unique: no writer has to wait for
   * another one that learns the same word at the same time.
   */
  private async createVocabulary(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE product_words (
        word text COLLATE "C" NOT NULL,
        id bigint GENERATED ALWAYS AS IDENTITY,
        CONSTRAINT product_words_pkey PRIMARY KEY (word, id)
      );
      INSERT INTO product_words (word)
        SELECT DISTINCT word FROM products, unnest(tsvector_to_array(search)) AS word WHERE ${LEARNABLE};
      CREATE INDEX product_words_similar_idx ON product_words USING gin (word gin_trgm_ops)`);
  }

  /** Rows that are inserted together teach their words together, which is cheaper; of changed rows few have new words. */
  private async createLearning(queryRunner: QueryRunner): Promise<void> {
    const learn = (source: string) =>
      `INSERT INTO product_words (word) SELECT DISTINCT word FROM ${source} AS heard (word) WHERE ${LEARNABLE}
        AND NOT EXISTS (SELECT FROM product_words AS known WHERE known.word = heard.word)`;
    await queryRunner.query(`
      CREATE FUNCTION product_words_of_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        ${learn('inserted, unnest(tsvector_to_array(inserted.search))')};
        RETURN NULL;
      END $$;
      CREATE FUNCTION product_words_of_updated() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        ${learn('unnest(tsvector_to_array(ts_delete(NEW.search, tsvector_to_array(OLD.search))))')};
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER product_words_insert AFTER INSERT ON products REFERENCING NEW TABLE AS inserted
        FOR EACH STATEMENT EXECUTE FUNCTION product_words_of_inserted();
      CREATE TRIGGER product_words_update AFTER UPDATE OF name, sku, description ON products FOR EACH ROW
        WHEN (OLD.search <> NEW.search) EXECUTE FUNCTION product_words_of_updated()`);
  }

  /** As the migration that created the products made it. */
  private async createFormerSearch(queryRunner: QueryRunner): Promise<void> {
    const words = (language: string, text: string, weight: string) =>
      `setweight(to_tsvector('${language}', regexp_replace(${text}, '[!-/:-@[-\`{-~]+', ' ', 'g')), '${weight}')`;
    const vectorOf = (row: string) =>
      `${words('english', `${row}name`, 'A')} || ${words('simple', `${row}sku`, 'A')}` +
      ` || ${words('english', `coalesce(${row}description, '')`, 'B')}`;
    await queryRunner.query(`
      ALTER TABLE products DROP COLUMN name_words, ALTER COLUMN search TYPE tsvector USING ${vectorOf('')};
      CREATE OR REPLACE FUNCTION products_search_vector() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.search := ${vectorOf('NEW.')};
        RETURN NEW;
      END $$;
      CREATE TRIGGER products_search_trigger BEFORE INSERT OR UPDATE OF name, sku, description ON products
        FOR EACH ROW EXECUTE FUNCTION products_search_vector();
      CREATE INDEX products_search_idx ON products USING gin (search) WHERE deleted_at IS NULL;
      CREATE INDEX products_similar_idx ON products USING gin ((name || ' ' || sku) gin_trgm_ops)
        WHERE deleted_at IS NULL`);
    const conditions = {
      products_with_words: `search @@ (to_tsquery('english', term) || to_tsquery('simple', term))`,
      products_like: `term <% (name || ' ' || sku)`,
    };
    for (const [name, condition] of Object.entries(conditions)) {
      await queryRunner.query(`
        CREATE FUNCTION ${name}(term text, max_rows integer) RETURNS SETOF products
        LANGUAGE sql STABLE PARALLEL SAFE ROWS 500 SET enable_seqscan = off SET enable_indexscan = off
        AS $$ SELECT * FROM products WHERE deleted_at IS NULL AND ${condition} LIMIT max_rows $$`);
    }
  }
}
