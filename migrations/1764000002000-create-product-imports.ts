import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateProductImports1764000002000 implements MigrationInterface {
  name = 'CreateProductImports1764000002000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE product_imports (
        id uuid NOT NULL,
        status text NOT NULL,
        dry_run boolean NOT NULL,
        total_rows integer NOT NULL DEFAULT 0,
        created_rows integer NOT NULL DEFAULT 0,
        updated_rows integer NOT NULL DEFAULT 0,
        unchanged_rows integer NOT NULL DEFAULT 0,
        failed_rows integer NOT NULL DEFAULT 0,
        error_code text,
        error_message text,
        has_rows boolean NOT NULL DEFAULT false,
        created_by uuid,
        version integer NOT NULL,
        created_at timestamptz(3) NOT NULL,
        uploaded_at timestamptz(3),
        started_at timestamptz(3),
        finished_at timestamptz(3),
        CONSTRAINT product_imports_pkey PRIMARY KEY (id),
        CONSTRAINT product_imports_status_check CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
        CONSTRAINT product_imports_finished_at_check CHECK ((finished_at IS NULL) = (status IN ('pending', 'running'))),
        CONSTRAINT product_imports_error_check CHECK ((error_code IS NOT NULL) = (status = 'failed'))
      )`);
    await queryRunner.query(
      `CREATE INDEX product_imports_created_at_idx ON product_imports (created_at, id)`,
    );
    await queryRunner.query(
      `CREATE INDEX product_imports_pending_idx ON product_imports (created_at) WHERE status = 'pending' AND uploaded_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX product_imports_finished_at_idx ON product_imports (finished_at) WHERE has_rows`,
    );
    // Logged, although it is soon empty again: were its rows lost with a crash of the server, an import that is half done
    // could neither be finished nor undone.
    await queryRunner.query(`
      CREATE TABLE product_import_rows (
        import_id uuid NOT NULL,
        sku text COLLATE "C" NOT NULL,
        line integer NOT NULL,
        name text,
        description text,
        has_description boolean NOT NULL,
        price numeric(10, 2),
        currency text,
        in_stock boolean,
        errors jsonb,
        CONSTRAINT product_import_rows_pkey PRIMARY KEY (import_id, sku, line)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE product_import_rows`);
    await queryRunner.query(`DROP TABLE product_imports`);
  }
}
