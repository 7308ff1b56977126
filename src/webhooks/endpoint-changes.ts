import type { Change, NewValues, ResourceTable } from '../platform/database/resource-table.js';
import type { Changes } from '../platform/events/logged-event.entity.js';
import type { UpdateWebhookEndpointDto } from './webhook-endpoint.dto.js';
import type { WebhookEndpoint } from './webhook-endpoint.entity.js';

/** What a merge patch changes besides its fields: an endpoint that is switched on, or has moved, has a clean record again. */
export function recordAfter({
  url,
  is_active: isActive,
}: UpdateWebhookEndpointDto): NewValues<WebhookEndpoint> {
  return {
    ...(url !== undefined && { failingSince: null }),
    ...(isActive === true && { disabledReason: null, failingSince: null }),
  };
}

/** For the log. The path of a URL may be a secret, and more people read the log than endpoints. */
export function loggedChanges(
  table: ResourceTable<WebhookEndpoint>,
  change: Change<WebhookEndpoint>,
): Changes {
  const { url, ...changes } = table.changesOf(change);
  return url === undefined
    ? changes
    : { ...changes, url: url.map((text) => new URL(String(text)).origin) as [string, string] };
}
