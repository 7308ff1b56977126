import { CreateUsers1763600000000 } from './1763600000000-create-users.js';
import { CreateProducts1763600001000 } from './1763600001000-create-products.js';
import { CreateSessions1763600002000 } from './1763600002000-create-sessions.js';

/** Every migration, oldest first. `npm run migration:generate` adds its own line. */
export const migrations = [
  CreateUsers1763600000000,
  CreateProducts1763600001000,
  CreateSessions1763600002000,
] as const;
