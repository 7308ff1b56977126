import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobQueue } from '../../src/platform/jobs/job-queue.js';
import { OneTimeTokensService } from '../../src/identity/one-time-tokens/one-time-tokens.service.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;
let tokens: OneTimeTokensService;

beforeAll(async () => {
  app = await startTestApp();
  tokens = app.app.get(OneTimeTokensService, { strict: false });
});
afterAll(() => app.close());

const HOUR = 3600;

async function mailed(userId: string, email = 'ann@example.com') {
  const request = { purpose: 'password_reset', userId, email } as const;
  return tokens.createForMail(app.dataSource.manager, request);
}

const take = (token: string) => tokens.take(app.dataSource.manager, 'password_reset', token);

/** As if so much time had passed since the tokens of this user were made. */
const age = (userId: string, by: string) =>
  app.dataSource.query(
    `UPDATE one_time_tokens SET created_at = created_at - $2::interval, expires_at = expires_at - $2::interval
     WHERE user_id = $1`,
    [userId, by],
  );

describe('a token for a mail', () => {
  it('begins its life when it goes out, however long the mail had to wait', async () => {
    const { id: userId } = await app.signIn('customer');
    const id = String(await mailed(userId));
    await age(userId, '3 days');
    const { token, email } = (await tokens.mailOut(id, HOUR)) ?? { token: '', email: '' };
    expect(email).toBe('ann@example.com');
    await age(userId, '59 minutes');
    expect(await take(token)).toMatchObject({ userId, email });
  });

  it('is worth nothing after its life, and is not mailed once it was used', async () => {
    const { id: userId } = await app.signIn('customer');
    const id = String(await mailed(userId));
    const { token } = (await tokens.mailOut(id, HOUR)) ?? { token: '' };
    await age(userId, '61 minutes');
    expect(await take(token)).toBeNull();
    expect(await tokens.mailOut(id, HOUR)).toBeNull();

    const second = String(await mailed(userId));
    const used = (await tokens.mailOut(second, HOUR)) ?? { token: '' };
    expect(await take(used.token)).not.toBeNull();
    expect(await tokens.mailOut(second, HOUR)).toBeNull();
  });

  it('is made once a minute, and five times as long as the links before are good', async () => {
    const { id: userId } = await app.signIn('customer');
    for (let i = 0; i < 5; i += 1) {
      const id = await mailed(userId);
      expect(id).not.toBeNull();
      expect(await mailed(userId)).toBeNull();
      await tokens.mailOut(String(id), HOUR);
      await age(userId, '61 seconds');
    }
    expect(await mailed(userId)).toBeNull();
    await age(userId, '56 minutes');
    expect(await mailed(userId)).not.toBeNull();
  });
});

describe('the job that removes tokens', () => {
  it('takes those that have expired, and no other', async () => {
    const { id: userId } = await app.signIn('customer');
    await mailed(userId);
    await age(userId, '8 days');
    const kept = String(await mailed(userId));
    await app.app.get(JobQueue).add(app.dataSource.manager, 'one_time_tokens.remove_expired', {});
    const left = () =>
      app.dataSource.query<{ id: string }[]>('SELECT id FROM one_time_tokens WHERE user_id = $1', [userId]);
    await expect.poll(left).toEqual([{ id: kept }]);
  });
});
