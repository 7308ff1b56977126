import { renderMail } from '../../platform/mail/mail-text.js';

/** Why somebody gets a link to a new password: because of a request, or because an administrator wants it. */
export type ResetReason = 'requested' | 'forced';

const TEXTS = {
  requested: {
    subject: 'Choose a new password',
    paragraphs: [
      'somebody, we hope you, asked for a new password for your account with Stockroom. You can choose it by this link, which works once, within an hour.',
      'If it was not you, ignore this mail: your password stays as it is.',
    ],
  },
  forced: {
    subject: 'You need a new password',
    paragraphs: [
      'an administrator of Stockroom has ended your sessions and withdrawn your password. Please choose a new one by this link, which works once, within 24 hours.',
      'If you do not know why, ask your administrator. After 24 hours you can still ask for a new link where you sign in.',
    ],
  },
} as const;

export function resetMail(reason: ResetReason, publicUrl: string, token: string) {
  const { subject, paragraphs } = TEXTS[reason];
  return {
    subject,
    ...renderMail({
      greeting: 'Hello,',
      paragraphs,
      action: { label: 'Choose a new password', url: `${publicUrl}/account/reset-password#token=${token}` },
      footer: `This mail was sent by Stockroom at ${publicUrl}. Do not pass it on: its link opens your account.`,
    }),
  };
}
