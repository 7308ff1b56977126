import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { settingsSchema } from '../../config/settings.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { ROOT } from '../support/build.js';
import { DemoCatalogueLoader } from '../../src/inventory/products/demo-catalogue.loader.js';
import { UsersService } from '../../src/identity/users/users.service.js';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const PASSWORD = 'the first password of the tour';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  await app.app.get(DemoCatalogueLoader).loadIntoEmpty();
  await app.app.get(UsersService).createUser({
    email: 'admin@stockroom.test',
    password: PASSWORD,
    full_name: 'Administrator',
    role: 'admin',
  });
});
afterAll(() => app.close());

/** The blocks of the tour, which are marked as bash; every other one is sh or text. */
function tour(): string {
  const blocks = [...README.matchAll(/^```bash\n(.*?)^```/gms)].map(([, block]) => block ?? '');
  return blocks
    .join('echo; echo ==\n')
    .replace('http://localhost:3000', app.url)
    .replace('the password that npm start printed', PASSWORD);
}

describe('the README', () => {
  it('has a tour that works when it is pasted', async () => {
    const script = tour();
    expect(script).toContain(PASSWORD);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: inject('dataDir'),
    });
    const [, , created = '', pages = '', changed = '', refused = '', deleted = '', keyed = ''] =
      stdout.split('\n==\n');
    expect(created).toMatch(/^HTTP\/1\.1 201 .*location: \/v1\/products\/.*"sku":"TEA-001"/is);
    const prices = [...pages.matchAll(/"price":([\d.]+)/g)].map(([, price]) => Number(price));
    expect(prices).toHaveLength(4);
    expect(prices).toEqual(prices.toSorted((a, b) => a - b));
    expect(changed).toMatch(/"price":8\.5,.*"code":"precondition_failed"/s);
    for (const field of ['/sku', '/name', '/price', '/colour'])
      expect(refused).toContain(`"pointer":"${field}"`);
    expect(deleted.trim()).toBe('204');
    expect(keyed).toMatch(/^{"data":\[{"id":/);
  });

  it('names only scripts and settings that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...README.matchAll(/npm (?:run )?(?:--silent )?([a-z]+(?::[a-z0-9]+)*)/g)]
      .map(([, name]) => name ?? '')
      .filter((name) => !['ci', 'run', 'scripts'].includes(name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    const settings = [...README.matchAll(/^\| (`[A-Z_` ]+)\|/gm)].flatMap(([, cell]) =>
      [...(cell ?? '').matchAll(/[A-Z_]+/g)].map(([name]) => name),
    );
    expect(settings.length).toBeGreaterThan(15);
    expect(settings.filter((name) => !(name in settingsSchema.shape))).toEqual([]);
  });
});
