import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateStock1764000001000 implements MigrationInterface {
  name = 'CreateStock1764000001000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE products ADD COLUMN stock_tracked boolean NOT NULL DEFAULT false`);
    // Rows change often and in no index: room on their page lets them change without touching the index.
    await queryRunner.query(`
      CREATE TABLE stock_levels (
        product_id uuid NOT NULL,
        on_hand integer NOT NULL,
        reserved integer NOT NULL,
        version integer NOT NULL,
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT stock_levels_pkey PRIMARY KEY (product_id),
        CONSTRAINT stock_levels_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id),
        CONSTRAINT stock_levels_on_hand_check CHECK (on_hand <= 1000000000),
        CONSTRAINT stock_levels_reserved_check CHECK (0 <= reserved AND reserved <= on_hand)
      ) WITH (fillfactor = 70)`);
    await queryRunner.query(`
      CREATE TABLE stock_movements (
        id uuid NOT NULL,
        product_id uuid NOT NULL,
        quantity integer NOT NULL,
        reason text NOT NULL,
        note text,
        order_id uuid,
        created_by uuid,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT stock_movements_pkey PRIMARY KEY (id),
        CONSTRAINT stock_movements_product_id_fkey FOREIGN KEY (product_id) REFERENCES stock_levels (product_id),
        CONSTRAINT stock_movements_quantity_check CHECK (quantity <> 0 AND quantity BETWEEN -1000000000 AND 1000000000),
        CONSTRAINT stock_movements_reason_check CHECK (reason IN ('receipt', 'adjustment', 'return', 'loss', 'shipment')),
        CONSTRAINT stock_movements_note_check CHECK (char_length(note) BETWEEN 1 AND 500),
        CONSTRAINT stock_movements_order_id_check CHECK ((reason = 'shipment') = (order_id IS NOT NULL))
      )`);
    await queryRunner.query(
      `CREATE INDEX stock_movements_product_id_idx ON stock_movements (product_id, created_at, id)`,
    );
    await queryRunner.query(
      `CREATE INDEX stock_movements_reason_idx ON stock_movements (product_id, reason, created_at, id)`,
    );
    await queryRunner.query(`
      CREATE FUNCTION stock_movements_are_final() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'stock movements can be neither changed nor deleted'; END $$`);
    await queryRunner.query(`
      CREATE TRIGGER stock_movements_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_movements
      FOR EACH STATEMENT EXECUTE FUNCTION stock_movements_are_final()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE stock_movements`);
    await queryRunner.query(`DROP FUNCTION stock_movements_are_final()`);
    await queryRunner.query(`DROP TABLE stock_levels`);
    await queryRunner.query(`ALTER TABLE products DROP COLUMN stock_tracked`);
  }
}
