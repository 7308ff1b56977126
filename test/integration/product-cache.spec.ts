import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PgListener } from '../../src/platform/database/pg-listener.js';
import type { ApiClient } from '../support/api-client.js';
import { FreezingProxy } from '../support/freezing-proxy.js';
import { createProduct } from '../support/products.js';
import { queries } from '../support/queries.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const LINE = 'stockroom-notifications';
const A_SECOND = 1000;

let here: TestApp;
/** Another instance on the same database. */
let there: TestApp;
let proxy: FreezingProxy;
let without: TestApp;
/** A manager at each of them. */
let apiHere: ApiClient;
let apiThere: ApiClient;
let apiWithout: ApiClient;

beforeAll(async () => {
  here = await startTestApp();
  const databaseUrl = String(here.config.database.url);
  proxy = await FreezingProxy.start(databaseUrl);
  there = await startTestApp({}, { databaseUrl: proxy.url });
  without = await startTestApp({ PRODUCT_CACHE_SIZE: '0' }, { databaseUrl });
  const { api, accessToken } = await here.signIn('manager');
  apiHere = api;
  apiThere = there.anonymous.withToken(accessToken);
  apiWithout = without.anonymous.withToken(accessToken);
  await until(() => [here, there].every((app) => isCurrent(app)));
});
afterAll(async () => {
  await without.close();
  proxy.thaw();
  await there.close();
  proxy.stop();
  await here.close();
});

const isCurrent = ({ app }: TestApp) => app.get(PgListener).isCurrent(A_SECOND);

const versionOf = ({ headers }: { headers: Headers }) => Number(/\d+/.exec(headers.get('etag') ?? '')?.[0]);
const read = async (api: ApiClient, id: string) => versionOf(await api.get(`/v1/products/${id}`));
const write = async (api: ApiClient, id: string, price: number) =>
  versionOf(await api.patch(`/v1/products/${id}`, { price }));

describe('a product that was read', () => {
  it('costs no query the next time, and is answered the same, also as 304 and to HEAD', async () => {
    const { id } = await createProduct(apiHere);
    const first = await apiHere.get(`/v1/products/${id}`);
    const etag = first.headers.get('etag') ?? '';
    await queries(here, async () => {
      expect((await apiHere.get(`/v1/products/${id}`)).text).toBe(first.text);
      expect((await apiHere.get(`/v1/products/${id}`, { 'if-none-match': etag })).status).toBe(304);
      const head = await apiHere.send('HEAD', `/v1/products/${id}`);
      expect([head.status, head.headers.get('etag')]).toEqual([200, etag]);
    }).toBe(0);
  });

  it('costs one each time where PRODUCT_CACHE_SIZE is 0', async () => {
    const { id } = await createProduct(apiHere);
    await queries(without, async () => {
      await apiWithout.get(`/v1/products/${id}`);
      await apiWithout.get(`/v1/products/${id}`);
    }).toBe(2);
  });

  it('is counted as hit or miss in the metrics', async () => {
    const { id } = await createProduct(apiHere);
    const count = async (outcome: string) => {
      const { text } = await here.anonymous.get('/metrics');
      return Number(
        new RegExp(`^stockroom_product_cache_total{outcome="${outcome}"} (\\d+)$`, 'm').exec(text)?.[1],
      );
    };
    const more = async () => {
      await read(apiHere, id);
      const before = [await count('hit'), await count('miss')];
      await read(apiHere, id);
      return [(await count('hit')) - Number(before[0]), (await count('miss')) - Number(before[1])];
    };
    // On a slow machine, the line may not be believed at this moment, which is a miss.
    await expect.poll(more).toEqual([1, 0]);
  });
});

describe('a change', () => {
  it('is seen by the next read on its instance, whoever reads meanwhile', async () => {
    const { id } = await createProduct(apiHere);
    let changing = true;
    const readers = Array.from({ length: 4 }, async () => {
      let seen = 0;
      while (changing) {
        const version = await read(apiHere, id);
        expect(version).toBeGreaterThanOrEqual(seen);
        seen = version;
      }
    });
    for (let price = 1; price <= 30; price += 1) {
      const version = await write(apiHere, id, price);
      expect(await read(apiHere, id)).toBe(version);
    }
    changing = false;
    await Promise.all(readers);
    expect((await apiHere.delete(`/v1/products/${id}`)).status).toBe(204);
    expect((await apiHere.get(`/v1/products/${id}`)).status).toBe(404);
  });

  it('is seen by the next read on its instance before anybody has told of it', async () => {
    const { id } = await createProduct(apiThere);
    let price = 1;
    // Once more where the machine was so slow that the line was not believed any more.
    await until(async () => {
      await until(() => isCurrent(there));
      await read(apiThere, id);
      proxy.freeze(LINE);
      const version = await write(apiThere, id, (price += 1));
      const isBelieved = isCurrent(there);
      expect(await read(apiThere, id)).toBe(version);
      const isStillBelieved = isCurrent(there);
      proxy.thaw();
      return isBelieved && isStillBelieved;
    });
  });

  it('is seen on another instance within a second', async () => {
    const { id } = await createProduct(apiHere);
    await read(apiThere, id);
    const version = await write(apiHere, id, 2);
    await expect.poll(() => read(apiThere, id), { interval: 5 }).toBe(version);
    await apiHere.delete(`/v1/products/${id}`);
    const status = async () => (await apiThere.get(`/v1/products/${id}`)).status;
    await expect.poll(status, { interval: 5 }).toBe(404);
  });

  it('that was refused, because another instance was faster, shows what it did not know', async () => {
    const { id } = await createProduct(apiHere);
    await read(apiThere, id);
    const version = await write(apiHere, id, 2);
    const refused = await apiThere.patch(`/v1/products/${id}`, { price: 3 }, { 'if-match': '"v1"' });
    expect(refused.status).toBe(412);
    expect(await read(apiThere, id)).toBe(version);
  });

  it('of many products at once is seen, too', async () => {
    const products = await Promise.all(Array.from({ length: 120 }, () => createProduct(apiHere)));
    const id = String(products[0]?.id);
    await read(apiThere, id);
    await here.dataSource.query(`UPDATE products SET version = 77 WHERE id = ANY($1)`, [
      products.map((product) => product.id),
    ]);
    await expect.poll(() => read(apiThere, id), { interval: 5 }).toBe(77);
  });

  it('by anybody, read by anybody, is never followed by an older one on the same instance', async () => {
    const products = await Promise.all(Array.from({ length: 5 }, () => createProduct(apiHere)));
    const seen = new Map<string, number>();
    const see = (api: ApiClient, id: string, version: number, atLeast: number) => {
      const key = `${api === apiHere ? 'here' : 'there'} ${id}`;
      expect(version, key).toBeGreaterThanOrEqual(atLeast);
      seen.set(key, Math.max(seen.get(key) ?? 0, version));
    };
    const client = async (seed: number) => {
      for (let step = 0; step < 60; step += 1) {
        const random = (seed * 7919 + step * 104_729) % 1009;
        const api = random % 2 === 0 ? apiHere : apiThere;
        const { id } = products[random % products.length] as { id: string };
        const known = seen.get(`${api === apiHere ? 'here' : 'there'} ${id}`) ?? 0;
        if (random % 3 !== 0) see(api, id, await read(api, id), known);
        else see(api, id, await write(api, id, 1 + random), known);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, seed) => client(seed)));
    const truth = await Promise.all(products.map(({ id }) => read(apiWithout, id)));
    for (const api of [apiHere, apiThere])
      await expect
        .poll(() => Promise.all(products.map(({ id }) => read(api, id))), { interval: 5 })
        .toEqual(truth);
  });

  it('is seen at once where nobody can tell of it', async () => {
    const { id } = await createProduct(apiHere);
    await read(apiThere, id);
    await here.dataSource.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
      [LINE],
    );
    await until(() => !isCurrent(there));
    const version = await write(apiHere, id, 2);
    expect(await read(apiThere, id)).toBe(version);
    await until(() => isCurrent(there));
    expect(await read(apiThere, id)).toBe(version);
  });
});
