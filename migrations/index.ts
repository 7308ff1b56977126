import { CreateUsers1763600000000 } from './1763600000000-create-users.js';
import { CreateProducts1763600001000 } from './1763600001000-create-products.js';
import { CreateSessions1763600002000 } from './1763600002000-create-sessions.js';
import { CreateEvents1763700000000 } from './1763700000000-create-events.js';
import { AnnounceAccessChanges1763700001000 } from './1763700001000-announce-access-changes.js';
import { CreateOneTimeTokens1763700002000 } from './1763700002000-create-one-time-tokens.js';
import { CreateApiKeys1763700003000 } from './1763700003000-create-api-keys.js';
import { CreateTwoStep1763700004000 } from './1763700004000-create-two-step.js';
import { CreateAttempts1763700005000 } from './1763700005000-create-attempts.js';
import { CreateIdentities1763700006000 } from './1763700006000-create-identities.js';
import { CreateIdempotencyKeys1764000000000 } from './1764000000000-create-idempotency-keys.js';
import { CreateStock1764000001000 } from './1764000001000-create-stock.js';
import { CreateProductImports1764000002000 } from './1764000002000-create-product-imports.js';
import { RankSearch1764000003000 } from './1764000003000-rank-search.js';
import { AnnounceProductChanges1764000004000 } from './1764000004000-announce-product-changes.js';
import { WriteProductsFaster1764000005000 } from './1764000005000-write-products-faster.js';
import { ReadEventsInOrder1764100000000 } from './1764100000000-read-events-in-order.js';
import { PartitionEvents1764100001000 } from './1764100001000-partition-events.js';
import { CreateOrders1764200000000 } from './1764200000000-create-orders.js';
import { CreateWebhooks1764300000000 } from './1764300000000-create-webhooks.js';

/** Every migration, oldest first. `npm run migration:generate` adds its own line. */
export const migrations = [
  CreateUsers1763600000000,
  CreateProducts1763600001000,
  CreateSessions1763600002000,
  CreateEvents1763700000000,
  AnnounceAccessChanges1763700001000,
  CreateOneTimeTokens1763700002000,
  CreateApiKeys1763700003000,
  CreateTwoStep1763700004000,
  CreateAttempts1763700005000,
  CreateIdentities1763700006000,
  CreateIdempotencyKeys1764000000000,
  CreateStock1764000001000,
  CreateProductImports1764000002000,
  RankSearch1764000003000,
  AnnounceProductChanges1764000004000,
  WriteProductsFaster1764000005000,
  ReadEventsInOrder1764100000000,
  PartitionEvents1764100001000,
  CreateOrders1764200000000,
  CreateWebhooks1764300000000,
] as const;
