import type { Email } from 'postal-mime';
import { expect } from 'vitest';
import { loadConfig } from '../../config/index.js';
import { Mailer } from '../../src/platform/mail/mailer.js';
import type { Mail } from '../../src/platform/mail/mailer.js';

/** Nothing special. */
export const MAIL = { to: 'ann@example.com', subject: 'Hello', text: 'Hello Ann', html: '<p>Hello Ann</p>' };

/** What an attacker would like to be a header or a recipient, and whether the mail arrives all the same. */
export const EVIL: [string, Partial<Mail>, boolean][] = [
  ['subject', { subject: 'Hello\r\nBcc: eve@example.com\r\nX-Evil: 1' }, true],
  ['name', { to: { name: 'Ann\r\nBcc: eve@example.com\nX-Evil: 1', address: 'ann@example.com' } }, true],
  ['address', { to: 'ann@example.com\r\nBcc: eve@example.com\nX-Evil: 1' }, false],
  ['address, as a list', { to: 'ann@example.com, eve@example.com' }, false],
  ['address, with a name', { to: 'ann@example.com, Eve <eve@example.com>' }, false],
  ['address, as a command', { to: 'ann@example.com>\r\nRCPT TO:<eve@example.com' }, false],
];

export function expectNoMoreThanAsked({ headers, bcc = [], cc = [] }: Email): void {
  expect([...bcc, ...cc]).toEqual([]);
  expect(headers.map(({ key }) => key)).not.toContain('x-evil');
}

/** What sends the mails of a service that is called from outside as `https://stock.example.com/api`. */
export function mailer(environment: NodeJS.ProcessEnv): Mailer {
  const PUBLIC_URL = 'https://stock.example.com/api';
  return new Mailer(loadConfig({ NODE_ENV: 'test', PUBLIC_URL, ...environment }));
}
