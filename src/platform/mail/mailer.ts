import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Transporter } from 'nodemailer';
import { Config } from '../../../config/index.js';
import { MailFolder } from './mail-folder.js';

export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

export interface Mail {
  readonly to: string | Mailbox;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const SECOND_MS = 1000;

const TIMEOUTS = {
  dnsTimeout: 10 * SECOND_MS,
  connectionTimeout: 10 * SECOND_MS,
  greetingTimeout: 10 * SECOND_MS,
  socketTimeout: 20 * SECOND_MS,
};

/** Mails for people. To be called from jobs only: what cannot be sent throws, and is sent when the job is run again. */
@Injectable()
export class Mailer implements OnApplicationBootstrap {
  private readonly logger = new Logger(Mailer.name);
  private readonly folder: MailFolder;
  private smtp: Promise<Transporter> | undefined;

  constructor(private readonly config: Config) {
    this.folder = new MailFolder(config.dataDir);
  }

  onApplicationBootstrap(): void {
    const { isProduction, mail } = this.config;
    if (mail.smtpUrl === undefined && isProduction)
      this.logger.warn('Mails wait in the job queue for SMTP_URL');
  }

  /** @param signal gives up when it aborts */
  async send(mail: Mail, signal?: AbortSignal): Promise<void> {
    // As an object: text would be read as a list of addresses.
    const to = typeof mail.to === 'string' ? { name: '', address: mail.to } : mail.to;
    const message = {
      from: this.config.mail.from,
      to,
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      // Nobody's holiday notice is wanted in return.
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
    const { smtpUrl } = this.config.mail;
    if (smtpUrl !== undefined) {
      const smtp = await (this.smtp ??= connectTo(smtpUrl));
      await smtp.sendMail({ ...message, ...(signal && { signal }) });
    } else if (this.config.isProduction) {
      throw new Error('No mail can be sent without SMTP_URL');
    } else {
      await this.folder.keep(message);
      // The developer who waits for the link finds it here.
      this.logger.log(`Mail to ${to.address}: ${mail.subject}\n${mail.text}`);
    }
  }
}

/**
 * Encrypted where the server offers it (smtp://) or from the first byte (smtps://), and then to a valid certificate. The
 * library comes with the first mail: it takes memory, and many a process never sends one.
 */
async function connectTo(url: string): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  return createTransport({ url, ...TIMEOUTS });
}
