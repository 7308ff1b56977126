import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AnnounceProductChanges1764000004000 implements MigrationInterface {
  name = 'AnnounceProductChanges1764000004000';

  /** Once for each statement: an import changes thousands of rows by one, and a payload has at most 8,000 bytes. */
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION announce_product_changes() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        ids CONSTANT uuid[] := ARRAY(SELECT id FROM changed LIMIT 101);
      BEGIN
        IF cardinality(ids) > 0 THEN
          PERFORM pg_notify('products', CASE WHEN cardinality(ids) > 100 THEN '*' ELSE array_to_string(ids, ',') END);
        END IF;
        RETURN NULL;
      END $$`);
    for (const event of ['UPDATE', 'DELETE']) {
      await queryRunner.query(`
        CREATE TRIGGER products_${event.toLowerCase()}_announcement AFTER ${event} ON products
        REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION announce_product_changes()`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TRIGGER products_update_announcement ON products`);
    await queryRunner.query(`DROP TRIGGER products_delete_announcement ON products`);
    await queryRunner.query(`DROP FUNCTION announce_product_changes()`);
  }
}
