import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateStock1764000001000 implements MigrationInterface {
  name = 'CreateStock1764000001000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE products ADD COLUMN stock_tracked boolean NOT NULL DEFAULT false`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE products DROP COLUMN stock_tracked`);
  }
}
