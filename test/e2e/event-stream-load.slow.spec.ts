import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Transactions } from '../../src/platform/database/transactions.js';
import { EventLog } from '../../src/platform/events/event-log.js';
import { openStream } from '../support/event-stream.js';
import type { OpenStream, StreamedMessage } from '../support/event-stream.js';
import { startTestApp } from '../support/test-app.js';
import type { SignedIn, TestApp } from '../support/test-app.js';
import { randomFrom, SEED } from '../support/seed.js';

const random = randomFrom(SEED);

const WRITERS = 10;
const ROUNDS = 30;

let here: TestApp;
/** Another instance, whose commits this one only finds in the database. */
let there: TestApp;
let manager: SignedIn;

beforeAll(async () => {
  here = await startTestApp({ DATABASE_POOL_SIZE: String(WRITERS + 4) });
  there = await startTestApp(
    { DATABASE_POOL_SIZE: String(WRITERS) },
    { databaseUrl: String(here.config.database.url) },
  );
  manager = await here.signIn('manager');
});
afterAll(async () => {
  await there.close();
  await here.close();
});

/** Events that name their writer, by transactions of one to four of them that last for a while and often are taken back. */
async function write({ app }: TestApp, writer: string): Promise<string[]> {
  const committed: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const names = Array.from({ length: Math.ceil(random() * 4) }, (_, n) => `${writer}.${round}.${n}`);
    const work = app.get(Transactions).run(async (tx) => {
      for (const name of names) {
        const changes = { name: [null, name] } as const;
        await app.get(EventLog).append(tx, { type: 'user.updated', resourceId: null, changes });
        if (random() < 0.3) await sleep(random() * 30);
      }
      if (random() < 0.2) throw new Error('taken back');
    });
    await work.then(() => committed.push(...names)).catch(() => undefined);
  }
  return committed;
}

/** Follows the log by connections that last for some messages each, until a message ends it. */
async function follow(): Promise<{ messages: StreamedMessage[]; connections: number }> {
  const messages: StreamedMessage[] = [];
  const authorization = `Bearer ${manager.accessToken}`;
  for (let connections = 1; ; connections += 1) {
    const last = messages.at(-1)?.id ?? '0';
    const stream: OpenStream = await openStream(here.url, { authorization, 'last-event-id': last });
    const some = 1 + Math.floor(random() * 40);
    await stream.atLeast(some).catch(() => undefined);
    stream.leave();
    messages.push(...stream.messages);
    if (nameOf(messages.at(-1)) === 'the end') return { messages, connections };
  }
}

function nameOf(message: StreamedMessage | undefined): unknown {
  const changes = message?.data['changes'] as { name?: [null, string] } | null | undefined;
  return changes?.name?.[1];
}

/** Reads the beginning of a stream and then no more, though its connection stays. */
async function openAndIgnore(url: string): Promise<{ response: IncomingMessage; leave: () => void }> {
  const headers = { authorization: `Bearer ${manager.accessToken}`, 'last-event-id': '0' };
  const request = get(`${url}/v1/events/stream`, { headers, agent: false });
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return { response, leave: () => request.destroy() };
}

describe('clients that follow the log while many write to it, and lose their connection again and again', () => {
  it('get every event once, in order', async () => {
    const following = Promise.all([follow(), follow(), follow()]);
    const writers = [here, there].flatMap((instance, at) =>
      Array.from({ length: WRITERS / 2 }, (_, n) => write(instance, `${at}.${n}`)),
    );
    const committed = (await Promise.all(writers)).flat();
    // Last of all, so that a client knows when it has everything; and enough of it to end any wait for more.
    for (let n = 0; n < 40; n += 1)
      await here.app.get(Transactions).run((tx) =>
        here.app.get(EventLog).append(tx, {
          type: 'user.updated',
          resourceId: null,
          changes: { name: [null, 'the end'] },
        }),
      );
    for (const { messages, connections } of await following) {
      expect(connections).toBeGreaterThan(5);
      const positions = messages.map(({ id }) => Number(id));
      expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b));
      const names = messages.map(nameOf).filter((name) => name !== undefined && name !== 'the end');
      expect(names.toSorted()).toEqual(committed.toSorted());
    }
  });
});

describe('a client that does not read', () => {
  it('holds up neither others nor the end of the service', async () => {
    const instance = await startTestApp({}, { databaseUrl: String(here.config.database.url) });
    const { leave } = await openAndIgnore(instance.url);
    const changes = { text: [null, 'x'.repeat(20_000)] } as const;
    await here.app.get(Transactions).run(async (tx) => {
      for (let n = 0; n < 600; n += 1)
        await here.app.get(EventLog).append(tx, { type: 'user.updated', resourceId: null, changes });
    });
    const reader = await openStream(instance.url, {
      authorization: `Bearer ${manager.accessToken}`,
      'last-event-id': '0',
    });
    await reader.atLeast(600);
    await instance.close();
    leave();
  });
});
