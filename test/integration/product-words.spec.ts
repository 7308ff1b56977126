import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadConfig } from '../../config/index.js';
import { dataSourceOptions } from '../../src/platform/database/data-source.options.js';
import { revertMigration, runMigrations } from '../../src/platform/database/migrations.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createDatabase();
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    DATABASE_STATEMENT_TIMEOUT_MS: '60000',
    DATA_DIR: inject('dataDir'),
  });
  dataSource = await new DataSource(dataSourceOptions(config, database.url)).initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const INSERT = `INSERT INTO products (id, version, sku, name, description, price)
  SELECT gen_random_uuid(), 1, $1 || '-' || n, name, description, 1
  FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS rows (name, description, n)`;
const insert = (sku: string, names: string[], descriptions: (string | null)[] = []) =>
  dataSource.query(INSERT, [sku, names, descriptions]);
const words = async (): Promise<string[]> =>
  (await dataSource.query<{ word: string }[]>('SELECT word FROM product_words ORDER BY word')).map(
    ({ word }) => word,
  );
const wordsOf = async (sku: string): Promise<object> => {
  const [row] = await dataSource.query<object[]>(
    `SELECT tsvector_to_array(name_words) AS name, tsvector_to_array(search) AS all FROM products WHERE sku = $1`,
    [sku],
  );
  return row ?? {};
};

describe('the words of a product', () => {
  it('are made of its name, sku and description, without accents and endings', async () => {
    await insert('CAB-9', ['Café tables, 2.5 m'], ['For AC/DC–lovers']);
    expect(await wordsOf('CAB-9-1')).toEqual({
      name: ['2', '5', 'cafe', 'm', 'tabl'],
      all: ['1', '2', '5', '9', 'ac', 'cab', 'cafe', 'dc', 'lover', 'm', 'tabl'],
    });
  });

  it('change with it, and only with what they are made of', async () => {
    await insert('CHANGE', ['Old thing'], ['dusty']);
    await dataSource.query(`UPDATE products SET name = 'Newt', description = NULL WHERE sku = 'CHANGE-1'`);
    expect(await wordsOf('CHANGE-1')).toEqual({ name: ['newt'], all: ['1', 'chang', 'newt'] });
    await dataSource.query(`UPDATE products SET sku = 'OTHER', price = 2 WHERE sku = 'CHANGE-1'`);
    expect(await wordsOf('OTHER')).toEqual({ name: ['newt'], all: ['newt'] });
  });
});

describe('the vocabulary', () => {
  it('learns each word once, but neither numbers nor codes nor the shortest and longest words', async () => {
    const before = await words();
    await insert('VOC-1', ['Quokka wallaby', 'Quokka at 12 km', 'x'.repeat(41)], [null, 'Wombat42']);
    await insert('VOC-2', ['Quokkas']);
    const added = (await words()).filter((word) => !before.includes(word));
    expect(added).toEqual(['quokka', 'voc', 'wallabi']);
  });

  it('does not hold up a writer while another one learns the same word', async () => {
    const other = dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query(INSERT, ['WAIT-1', ['Numbat'], []]);
    await insert('WAIT-2', ['Numbat']);
    await other.commitTransaction();
    await other.release();
    expect((await words()).filter((word) => word === 'numbat')).toHaveLength(2);
    await insert('WAIT-3', ['Numbat']);
    expect((await words()).filter((word) => word === 'numbat')).toHaveLength(2);
  });
});

describe('the migration that makes them', () => {
  it('makes them for products that were there before, and leaves a search to go back to', async () => {
    const made = await wordsOf('CAB-9-1');
    while ((await revertMigration(dataSource)) !== 'RankSearch1764000003000');
    await insert('BEFORE', ['Café chairs'], ['Bandicoot']);
    const [hit] = await dataSource.query<{ sku: string }[]>(
      `SELECT sku FROM products_with_words('chair', 9)`,
    );
    expect(hit?.sku).toBe('BEFORE-1');
    await runMigrations(dataSource);
    expect(await wordsOf('CAB-9-1')).toEqual(made);
    expect(await wordsOf('BEFORE-1')).toEqual({
      name: ['cafe', 'chair'],
      all: ['1', 'bandicoot', 'cafe', 'chair'],
    });
    expect(await words()).toContain('bandicoot');
  });
});
