import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PgListener } from '../../src/platform/database/pg-listener.js';
import { FreezingProxy } from '../support/freezing-proxy.js';
import { queries } from '../support/queries.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** How old what was heard last may be. */
const CURRENT_MS = 3000;
const LINE = 'stockroom-notifications';

let here: TestApp;
/** An instance that knows of what happens at the other one only through the database. */
let there: TestApp;
let proxy: FreezingProxy;

beforeAll(async () => {
  here = await startTestApp();
  proxy = await FreezingProxy.start(String(here.config.database.url));
  there = await startTestApp({}, { databaseUrl: proxy.url });
  await isCurrent();
});
afterAll(async () => {
  proxy.thaw();
  await there.close();
  proxy.stop();
  await here.close();
});

const isCurrent = () => until(() => there.app.get(PgListener).isCurrent());

/** A token, used at the other instance, and how to end it here. */
async function runningToken() {
  const { accessToken, refreshToken } = await here.signIn('customer');
  const statusThere = async () =>
    (await there.anonymous.withToken(accessToken).get('/v1/products/no-uuid')).status;
  expect(await statusThere()).toBe(404);
  const end = () => here.anonymous.post('/v1/auth/logout', { refresh_token: refreshToken });
  return { statusThere, end };
}

const cutLines = () =>
  here.dataSource.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
    [LINE],
  );

const isRefused = (status: () => Promise<number>) => expect.poll(status, { interval: 50 }).toBe(401);

describe('an instance that is told of changes', () => {
  it('refuses an ended session without having asked the database', async () => {
    await queries(there, async () => {
      const { statusThere, end } = await runningToken();
      await end();
      await isRefused(statusThere);
    }).toBe(0);
  });

  it('reads what happened while its line was cut, before it believes it again', async () => {
    const { statusThere, end } = await runningToken();
    await cutLines();
    await until(() => !there.app.get(PgListener).isCurrent());
    await end();
    await isCurrent();
    await queries(there, async () => expect(await statusThere()).toBe(401)).toBe(0);
  });

  it('asks the database while its line is cut, and listens again', async () => {
    const { statusThere, end } = await runningToken();
    await cutLines();
    await end();
    await isRefused(statusThere);
    await isCurrent();
    await queries(there, async () => {
      const again = await runningToken();
      await again.end();
      await isRefused(again.statusThere);
    }).toBe(0);
  });

  it('distrusts a line that has fallen silent, and asks the database meanwhile', async () => {
    const { statusThere, end } = await runningToken();
    proxy.freeze(LINE);
    await end();
    // As if nothing had been heard for so long: nothing can be, so that the line is not believed again.
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + CURRENT_MS);
    expect(there.app.get(PgListener).isCurrent()).toBe(false);
    await isRefused(statusThere);
    clock.mockRestore();
    proxy.thaw();
    await isCurrent();
  });
});
