import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateProducts1763600001000 implements MigrationInterface {
  name = 'CreateProducts1763600001000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE products (
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        deleted_at timestamptz(3),
        version integer NOT NULL,
        id uuid NOT NULL,
        sku text NOT NULL,
        name text COLLATE "C" NOT NULL,
        description text,
        price numeric(10, 2) NOT NULL,
        currency text NOT NULL DEFAULT 'USD',
        in_stock boolean NOT NULL DEFAULT true,
        search tsvector NOT NULL,
        CONSTRAINT products_pkey PRIMARY KEY (id),
        CONSTRAINT products_sku_check CHECK (sku ~ '^[A-Za-z0-9._-]{1,64}$'),
        CONSTRAINT products_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
        CONSTRAINT products_description_check CHECK (char_length(description) <= 5000),
        CONSTRAINT products_price_check CHECK (price > 0 AND price <= 99999999.99),
        CONSTRAINT products_currency_check CHECK (currency ~ '^[A-Z]{3}$')
      )`);
    // Words are found by their English stems; the parts of a sku, which is a code, as they are. Punctuation separates
    // words, as it does in a search: PostgreSQL's parser would take '2.5' or 'AC/DC' for one word.
    await queryRunner.query(`
      CREATE FUNCTION products_search_vector() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        punctuation CONSTANT text := '[!-/:-@[-\`{-~]+';
      BEGIN
        NEW.search := setweight(to_tsvector('english', regexp_replace(NEW.name, punctuation, ' ', 'g')), 'A')
          || setweight(to_tsvector('simple', regexp_replace(NEW.sku, punctuation, ' ', 'g')), 'A')
          || setweight(to_tsvector('english', regexp_replace(coalesce(NEW.description, ''), punctuation, ' ', 'g')), 'B');
        RETURN NEW;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER products_search_trigger BEFORE INSERT OR UPDATE OF name, sku, description ON products
      FOR EACH ROW EXECUTE FUNCTION products_search_vector()`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX products_sku_key ON products (sku) WHERE deleted_at IS NULL`,
    );
    for (const column of ['created_at', 'updated_at', 'price', 'name']) {
      await queryRunner.query(
        `CREATE INDEX products_${column}_idx ON products (${column}, id) WHERE deleted_at IS NULL`,
      );
    }
    await queryRunner.query(
      `CREATE INDEX products_currency_idx ON products (currency, created_at, id) WHERE deleted_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX products_out_of_stock_idx ON products (created_at, id) WHERE deleted_at IS NULL AND NOT in_stock`,
    );
    await queryRunner.query(
      `CREATE INDEX products_search_idx ON products USING gin (search) WHERE deleted_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX products_similar_idx ON products USING gin ((name || ' ' || sku) gin_trgm_ops) WHERE deleted_at IS NULL`,
    );
    await this.createSearchFunctions(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION products_with_words(text, integer)`);
    await queryRunner.query(`DROP FUNCTION products_like(text, integer)`);
    await queryRunner.query(`DROP TABLE products`);
    await queryRunner.query(`DROP FUNCTION products_search_vector()`);
  }

  /**
   * The planner takes rare words for frequent ones, and would rather walk a whole sort index than ask the search index.
   * These functions leave it no choice.
   */
  private async createSearchFunctions(queryRunner: QueryRunner): Promise<void> {
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
