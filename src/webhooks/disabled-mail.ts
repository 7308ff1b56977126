import { renderMail } from '../platform/mail/mail-text.js';
import type { DisabledReason, WebhookEndpoint } from './webhook-endpoint.entity.js';

const REASONS: Readonly<Record<DisabledReason, string>> = {
  gone: 'It answered 410 Gone, which means that it does not want to be called any more.',
  failing: 'Nothing could be delivered to it for five days.',
};

/** The path of a URL may be a secret, so the mail names the endpoint by its id and its host. */
export function disabledMail({ id, url }: WebhookEndpoint, reason: DisabledReason, publicUrl: string) {
  return {
    subject: 'A webhook endpoint was disabled',
    ...renderMail({
      greeting: 'Hello,',
      paragraphs: [
        `Stockroom does not send to your webhook endpoint at ${new URL(url).host} any more. ${REASONS[reason]}`,
        `Once it works again, set is_active of the endpoint ${id} to true: deliveries that are still pending are then sent, but what happened in between is not.`,
      ],
      footer: `This mail was sent by Stockroom at ${publicUrl}, because you created that endpoint.`,
    }),
  };
}
