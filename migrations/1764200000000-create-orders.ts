import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateOrders1764200000000 implements MigrationInterface {
  name = 'CreateOrders1764200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE orders (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        status text NOT NULL,
        currency text NOT NULL,
        total numeric(15, 2) NOT NULL,
        note text,
        expires_at timestamptz(3) NOT NULL,
        version integer NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT orders_pkey PRIMARY KEY (id),
        CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
        CONSTRAINT orders_status_check CHECK (status IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'expired')),
        CONSTRAINT orders_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
        CONSTRAINT orders_total_check CHECK (total > 0),
        CONSTRAINT orders_note_check CHECK (char_length(note) BETWEEN 1 AND 500)
      )`);
    await queryRunner.query(`CREATE INDEX orders_created_at_idx ON orders (created_at, id)`);
    await queryRunner.query(`CREATE INDEX orders_total_idx ON orders (total, id)`);
    await queryRunner.query(`CREATE INDEX orders_status_idx ON orders (status, created_at, id)`);
    await queryRunner.query(`CREATE INDEX orders_user_created_at_idx ON orders (user_id, created_at, id)`);
    await queryRunner.query(`CREATE INDEX orders_user_total_idx ON orders (user_id, total, id)`);
    // Both are short: orders leave them when they are paid or given up.
    await queryRunner.query(
      `CREATE INDEX orders_expires_at_idx ON orders (expires_at) WHERE status = 'pending'`,
    );
    await queryRunner.query(
      `CREATE INDEX orders_pending_user_idx ON orders (user_id, expires_at) WHERE status = 'pending'`,
    );
    await queryRunner.query(`
      CREATE TABLE order_items (
        order_id uuid NOT NULL,
        position smallint NOT NULL,
        product_id uuid NOT NULL,
        sku text NOT NULL,
        name text NOT NULL,
        unit_price numeric(10, 2) NOT NULL,
        quantity integer NOT NULL,
        is_reserved boolean NOT NULL,
        CONSTRAINT order_items_pkey PRIMARY KEY (order_id, product_id),
        CONSTRAINT order_items_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
        CONSTRAINT order_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id),
        CONSTRAINT order_items_position_check CHECK (position BETWEEN 0 AND 99),
        CONSTRAINT order_items_unit_price_check CHECK (unit_price > 0),
        CONSTRAINT order_items_quantity_check CHECK (quantity BETWEEN 1 AND 1000)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE order_items`);
    await queryRunner.query(`DROP TABLE orders`);
  }
}
