import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeySet } from '../../config/index.js';
import { Mailer } from '../../src/platform/mail/mailer.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { jobsIn, runJobsNow, startJobs } from '../support/jobs.js';
import type { TestJobs } from '../support/jobs.js';
import { EVIL, expectNoMoreThanAsked, MAIL, mailer } from '../support/mails.js';
import { startSmtp } from '../support/smtp.js';
import type { TestSmtp } from '../support/smtp.js';
import { until } from '../support/until.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-mail-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a mail over SMTP', () => {
  let smtp: TestSmtp;
  afterEach(() => smtp.stop());

  it('arrives with envelope, headers, and both parts', async () => {
    smtp = await startSmtp();
    const text = `Grüße, 你好!\n${'A long line. '.repeat(200)}\nhttps://stock.example.com/?token=${'a=b'.repeat(50)}\n`;
    const html = `<p>Grüße, 你好! <a href="https://stock.example.com/">Go</a></p>`;
    const to = { name: 'Ännchen Müller, Ltd. 😀', address: 'ann@example.com' };
    const from = '"Läger, Nord" <stock@example.com>';
    const before = Date.now();
    await mailer({ DATA_DIR: folder, SMTP_URL: smtp.url, MAIL_FROM: from }).send({
      to,
      subject: 'Bestätigung 😀',
      text,
      html,
    });
    const mail = await smtp.next();
    expect(mail.envelope).toEqual({ from: 'stock@example.com', to: ['ann@example.com'], secure: false });
    expect(mail.from).toEqual({ name: 'Läger, Nord', address: 'stock@example.com' });
    expect(mail.to).toEqual([to]);
    expect(mail.subject).toBe('Bestätigung 😀');
    expect(mail.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(text.trimEnd());
    expect(mail.html?.trimEnd()).toBe(html);
    expect(mail.messageId).toMatch(/^<[^@]+@example\.com>$/);
    expect(mail.headers).toContainEqual(
      expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }),
    );
    // To the second.
    expect(Date.parse(mail.date ?? '')).toBeGreaterThan(before - 1000);
    expect(Date.parse(mail.date ?? '')).toBeLessThanOrEqual(Date.now());
  });

  it('comes from the host of PUBLIC_URL unless told otherwise', async () => {
    smtp = await startSmtp();
    await mailer({ DATA_DIR: folder, SMTP_URL: smtp.url }).send(MAIL);
    expect(await smtp.next()).toMatchObject({
      envelope: { from: 'no-reply@stock.example.com' },
      from: { name: 'Stockroom', address: 'no-reply@stock.example.com' },
    });
  });

  it.each(EVIL)('cannot get another header or recipient by its %s', async (_part, evil, arrives) => {
    smtp = await startSmtp();
    const sent = mailer({ DATA_DIR: folder, SMTP_URL: smtp.url }).send({ ...MAIL, ...evil });
    if (!arrives) return expect(sent).rejects.toThrow(/recipients were rejected/);
    await sent;
    const mail = await smtp.next();
    expect(mail.envelope.to).toEqual(['ann@example.com']);
    expectNoMoreThanAsked(mail);
  });

  it('is encrypted as its URL says', async () => {
    smtp = await startSmtp({ disabledCommands: [] });
    // STARTTLS is offered, so it is used, and the certificate of the test server is one that nobody trusts.
    await expect(mailer({ DATA_DIR: folder, SMTP_URL: smtp.url }).send(MAIL)).rejects.toThrow(/certificate/);
    await mailer({ DATA_DIR: folder, SMTP_URL: `${smtp.url}?tls.rejectUnauthorized=false` }).send(MAIL);
    expect((await smtp.next()).envelope.secure).toBe(true);
    await smtp.stop();
    smtp = await startSmtp();
    await expect(
      mailer({ DATA_DIR: folder, SMTP_URL: `${smtp.url}?requireTLS=true` }).send(MAIL),
    ).rejects.toThrow();
    await mailer({ DATA_DIR: folder, SMTP_URL: smtp.url }).send(MAIL);
    expect((await smtp.next()).envelope.secure).toBe(false);
    await smtp.stop();
    smtp = await startSmtp({ secure: true });
    const url = smtp.url.replace('smtp:', 'smtps:');
    await mailer({ DATA_DIR: folder, SMTP_URL: `${url}?tls.rejectUnauthorized=false` }).send(MAIL);
    expect((await smtp.next()).envelope.secure).toBe(true);
  });

  it('is signed in for with the user of the URL', async () => {
    const signIns: unknown[] = [];
    smtp = await startSmtp({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, callback) => {
        signIns.push([username, password]);
        callback(null, { user: username });
      },
    });
    const url = smtp.url.replace('//', '//stock%40example.com:p%40ss%2Fword@');
    await mailer({ DATA_DIR: folder, SMTP_URL: url }).send(MAIL);
    expect(signIns).toEqual([['stock@example.com', 'p@ss/word']]);
  });

  it('is given up when its signal aborts', async () => {
    const stop = new AbortController();
    // Who connects is never answered.
    smtp = await startSmtp({ onConnect: () => stop.abort() });
    const sent = mailer({ DATA_DIR: folder, SMTP_URL: smtp.url }).send(MAIL, stop.signal);
    await expect(sent).rejects.toThrow(/abort/i);
  });
});

describe('a mail as a job', () => {
  let database: TestDatabase;
  let jobs: TestJobs;
  let smtp: TestSmtp;
  let warnings: string[];
  /** How often each mail was tried; on a slow machine, the next time may come by itself. */
  let tries: Record<number, number>;

  beforeEach(async () => {
    tries = {};
    database = await createDatabase();
    smtp = await startSmtp();
  });
  afterEach(async () => {
    await jobs.close();
    await smtp.stop();
    await database.drop();
  });

  const start = async (environment: NodeJS.ProcessEnv = { SMTP_URL: smtp.url }) => {
    warnings = [];
    const nothing = () => undefined;
    const warn = (line: unknown) => warnings.push(String(line));
    jobs = await startJobs(
      database.url,
      (registry) => {
        registry.handle<{ n: number }>('tests.send', ({ n }, { signal }) => {
          tries[n] = (tries[n] ?? 0) + 1;
          return jobs.context.get(Mailer).send({ ...MAIL, subject: `Mail ${n}` }, signal);
        });
      },
      { environment: { DATA_DIR: folder, ...environment }, logger: { log: nothing, error: nothing, warn } },
    );
  };
  const failures = async () => (await jobsIn(jobs.dataSource)).map(({ last_error: error }) => error);

  it('survives an outage of the mail server and a restart of the service, and arrives once', async () => {
    await start();
    await smtp.stop();
    await jobs.add('tests.send', { n: 1 });
    await until(async () => (await failures())[0]?.includes('ECONNREFUSED') ?? false);

    smtp = await startSmtp({ port: Number(new URL(smtp.url).port) });
    smtp.refuse(true);
    await runJobsNow(jobs.dataSource);
    await until(async () => (await failures())[0]?.includes('451') ?? false);
    await jobs.close();
    await start();
    await jobs.add('tests.send', { n: 2 });
    await until(async () => (await failures())[1]?.includes('451') ?? false);
    await until(async () => {
      const [first, second] = await jobsIn(jobs.dataSource);
      return first?.attempts === tries[1] && second?.attempts === tries[2];
    });
    expect(tries[1]).toBeGreaterThanOrEqual(2);

    smtp.refuse(false);
    await runJobsNow(jobs.dataSource);
    await until(async () => (await jobsIn(jobs.dataSource)).length === 0);
    await runJobsNow(jobs.dataSource);
    expect(smtp.mails.map(({ subject }) => subject).sort()).toEqual(['Mail 1', 'Mail 2']);
  });

  it('waits in production until there is an SMTP_URL', async () => {
    const keys = join(folder, 'keys.json');
    writeFileSync(keys, JSON.stringify(generateKeySet()));
    const production = {
      NODE_ENV: 'production',
      JWT_KEYS_FILE: keys,
      JWT_ISSUER: 'https://stock.example.com',
      JWT_AUDIENCE: 'stockroom',
    };
    await start(production);
    expect(warnings).toEqual(['Mails wait in the job queue for SMTP_URL']);
    await jobs.add('tests.send', { n: 1 });
    await until(async () => (await failures())[0] === 'No mail can be sent without SMTP_URL');
    expect(existsSync(join(folder, 'mail'))).toBe(false);
    await jobs.close();
    await start({ ...production, SMTP_URL: smtp.url });
    expect(warnings).toEqual([]);
    await runJobsNow(jobs.dataSource);
    expect((await smtp.next()).subject).toBe('Mail 1');
  });
});
