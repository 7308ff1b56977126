import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SendMailOptions } from 'nodemailer';

/** Of more mails than these, the oldest are deleted. */
const KEPT = 200;

/** Where mails go that nobody sends: files of `DATA_DIR/mail` that any mail program opens, named by their time. */
export class MailFolder {
  private readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'mail');
  }

  async keep(message: SendMailOptions): Promise<void> {
    const { createTransport } = await import('nodemailer');
    const composer = createTransport({ streamTransport: true, buffer: true });
    const { message: content } = await composer.sendMail(message);
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const time = new Date().toISOString().replace(/[-:]/g, '');
    const file = join(this.path, `${time}-${randomBytes(4).toString('hex')}.eml`);
    await writeFile(file, content as Buffer, { mode: 0o600, flag: 'wx' });
    await this.deleteOldest();
  }

  private async deleteOldest(): Promise<void> {
    const names = (await readdir(this.path)).filter((name) => name.endsWith('.eml')).sort();
    // Another instance may delete the same ones.
    for (const name of names.slice(0, -KEPT)) await rm(join(this.path, name), { force: true });
  }
}
