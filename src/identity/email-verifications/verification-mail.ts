import { renderMail } from '../../platform/mail/mail-text.js';

/**
 * Asks whoever reads it to confirm the address. It names nobody: whoever registers chooses a name, and could have us
 * write anything to anybody.
 */
export function verificationMail(publicUrl: string, token: string) {
  return {
    subject: 'Verify your e-mail address',
    ...renderMail({
      greeting: 'Hello,',
      paragraphs: [
        'somebody, we hope you, gave this address for an account with Stockroom. Please confirm that it is yours. The link works once, within 24 hours.',
        'If it was not you, ignore this mail: the address then stays unconfirmed.',
      ],
      action: { label: 'Verify my address', url: `${publicUrl}/account/verify-email#token=${token}` },
      footer: `This mail was sent by Stockroom at ${publicUrl}, because the owner of the account asked for it.`,
    }),
  };
}
