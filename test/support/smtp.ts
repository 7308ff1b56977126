import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import type { Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';
import { PATIENCE_MS } from './until.js';

/** A mail as it arrived: parsed, and with what SMTP itself said of it. */
export interface Mail extends Email {
  readonly envelope: { readonly from: string; readonly to: readonly string[]; readonly secure: boolean };
}

export interface TestSmtp {
  /** For `SMTP_URL`. */
  readonly url: string;
  /** Every mail that was accepted, oldest first. */
  readonly mails: readonly Mail[];
  /** How many mails were offered while it refused. */
  readonly refused: number;
  /** The oldest mail that no earlier call has returned, which may be yet to come; with an address, of those to it. */
  next(to?: string): Promise<Mail>;
  /** From now on, no mail is accepted for the time being (a 4xx answer), or all are again. */
  refuse(refuses: boolean): void;
  stop(): Promise<void>;
}

/** A real SMTP server on loopback. A given port lets one come back where another has stopped. */
export async function startSmtp(options: SMTPServerOptions & { port?: number } = {}): Promise<TestSmtp> {
  const { port = 0, ...rest } = options;
  const mails: Mail[] = [];
  const taken = new Set<Mail>();
  const waiting = new Set<() => void>();
  let refusing = false;
  let refused = 0;
  const server = new SMTPServer({
    authOptional: true,
    // Its certificate is one that no client trusts.
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    logger: false,
    onMailFrom: (_address, _session, callback) => {
      if (refusing) refused += 1;
      callback(refusing ? Object.assign(new Error('Try again later'), { responseCode: 451 }) : null);
    },
    onData: (stream, { envelope, secure }, callback) => {
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
      const to = envelope.rcptTo.map(({ address }) => address);
      readAll(stream)
        .then((raw) => PostalMime.parse(raw))
        .then((mail) => {
          mails.push({ ...mail, envelope: { from, to, secure } });
          callback();
          for (const look of waiting) look();
        }, callback);
    },
    ...rest,
  });
  server.on('error', () => undefined); // a client that hangs up in between
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const address = server.server.address() as AddressInfo;

  const take = (to?: string): Mail | undefined => {
    const found = mails.find(
      (mail) => !taken.has(mail) && (to === undefined || mail.envelope.to.includes(to)),
    );
    if (found) taken.add(found);
    return found;
  };

  return {
    url: `smtp://127.0.0.1:${address.port}`,
    mails,
    get refused() {
      return refused;
    },
    next: (to) =>
      new Promise((resolve, reject) => {
        const stopLooking = () => {
          waiting.delete(look);
          clearTimeout(timer);
        };
        const look = () => {
          const mail = take(to);
          if (!mail) return;
          stopLooking();
          resolve(mail);
        };
        const timer = setTimeout(() => {
          stopLooking();
          reject(
            new Error(`No mail came${to === undefined ? '' : ` to ${to}`}; there were ${mails.length}.`),
          );
        }, PATIENCE_MS);
        waiting.add(look);
        look();
      }),
    refuse: (refuses) => (refusing = refuses),
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
