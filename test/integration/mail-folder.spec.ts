import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import type { Email } from 'postal-mime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NestLogger } from '../../src/platform/telemetry/logger.js';
import { mailFilesIn, mailsIn } from '../support/mailbox.js';
import { EVIL, expectNoMoreThanAsked, MAIL, mailer } from '../support/mails.js';

@Module({})
class AnyModule {}

let folder: string;
beforeEach(() => {
  Logger.overrideLogger(false);
  folder = mkdtempSync(join(tmpdir(), 'stockroom-mail-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a mail without SMTP_URL', () => {
  it('is a file for its owner only, in which every part can be read', async () => {
    await mailer({ DATA_DIR: folder }).send({ ...MAIL, subject: 'Grüße' });
    const [file = ''] = mailFilesIn(folder);
    expect(file).toMatch(/\/mail\/\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}\.eml$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'mail')).mode & 0o777).toBe(0o700);
    expect(await mailsIn(folder)).toMatchObject([
      {
        from: { address: 'no-reply@stock.example.com' },
        to: [{ address: 'ann@example.com' }],
        subject: 'Grüße',
        text: 'Hello Ann\n',
        html: '<p>Hello Ann</p>\n',
      },
    ]);
  });

  it.each(EVIL)('cannot get another header by its %s', async (_part, evil) => {
    await mailer({ DATA_DIR: folder }).send({ ...MAIL, ...evil });
    const [mail] = await mailsIn(folder);
    expectNoMoreThanAsked(mail as Email);
    expect(mail?.text).toBe('Hello Ann\n');
  });

  it('is told to the developer who waits for its link', async () => {
    const lines: { level: number; msg: string }[] = [];
    const log = pino(
      { level: 'info' },
      { write: (line) => lines.push(JSON.parse(line) as (typeof lines)[0]) },
    );
    const context = await NestFactory.createApplicationContext(AnyModule, { logger: new NestLogger(log) });
    await mailer({ DATA_DIR: folder }).send({ ...MAIL, text: 'Go to\nhttps://stock.example.com/?token=x' });
    await context.close();
    expect(lines).toMatchObject([
      { level: 30, msg: 'Mail to ann@example.com: Hello\nGo to\nhttps://stock.example.com/?token=x' },
    ]);
  });

  it('makes room for itself: the newest 200 are kept', async () => {
    const sender = mailer({ DATA_DIR: folder });
    await sender.send(MAIL);
    const path = join(folder, 'mail');
    const old = (n: number) => `20200101T000000.${String(n).padStart(3, '0')}Z-00000000.eml`;
    for (let n = 0; n < 250; n += 1) writeFileSync(join(path, old(n)), '');
    writeFileSync(join(path, '00-notes.txt'), 'mine');
    await sender.send(MAIL);
    const names = readdirSync(path).sort();
    expect(names).toHaveLength(201);
    expect(names.slice(0, 2)).toEqual(['00-notes.txt', old(52)]);
  });
});
