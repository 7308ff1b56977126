import type { NewValues } from '../platform/database/versioned-rows.js';
import { changesBetween } from '../platform/events/changes.js';
import type { Changes } from '../platform/events/logged-event.entity.js';
import type { UpdateWebhookEndpointDto } from './webhook-endpoint.dto.js';
import type { WebhookEndpoint } from './webhook-endpoint.entity.js';

/** What a merge patch changes. One that is switched on, or has moved, has a clean record again. */
export function changesOf(dto: UpdateWebhookEndpointDto): NewValues<WebhookEndpoint> {
  const { url, description, event_types: eventTypes, is_active: isActive } = dto;
  return {
    ...(url !== undefined && { url, failingSince: null }),
    ...(description !== undefined && { description }),
    ...(eventTypes !== undefined && { eventTypes }),
    ...(isActive !== undefined && { isActive }),
    ...(isActive === true && { disabledReason: null, failingSince: null }),
  };
}

/** For the log. The path of a URL may be a secret, and more people read the log than endpoints. */
export function differences(before: WebhookEndpoint, after: WebhookEndpoint): Changes {
  const changes = changesBetween(fieldsOf(before), fieldsOf(after));
  return before.url === after.url
    ? changes
    : { ...changes, url: [new URL(before.url).origin, new URL(after.url).origin] };
}

function fieldsOf({ description, eventTypes, isActive, disabledReason }: WebhookEndpoint) {
  return { description, event_types: eventTypes, is_active: isActive, disabled_reason: disabledReason };
}
