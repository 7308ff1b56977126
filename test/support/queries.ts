import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { expect, vi } from 'vitest';
import { currentContext } from '../../src/http/context/request-context.js';
import type { TestApp } from './test-app.js';

/** How often requests ask the pool for a connection meanwhile; what goes on in the background is left out. */
async function countQueries({ dataSource }: TestApp, work: () => Promise<unknown>): Promise<number> {
  const { master } = dataSource.driver as PostgresDriver as {
    master: { connect(...input: unknown[]): unknown };
  };
  const connect = master.connect.bind(master);
  let asked = 0;
  const spy = vi.spyOn(master, 'connect').mockImplementation((...input) => {
    if (currentContext()) asked += 1;
    return connect(...input);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return asked;
}

/** Counted again if need be: a job, which has a context like a request, may fall into it, but not each time. */
export const queries = (app: TestApp, work: () => Promise<unknown>) =>
  expect.poll(() => countQueries(app, work));
