import { randomBytes } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import type { Config } from '../../config/index.js';
import { Problem } from '../http/problems/problem.js';
import { DemoCatalogueLoader } from '../inventory/products/demo-catalogue.loader.js';
import { UsersService } from '../identity/users/users.service.js';

const DEVELOPMENT_ADMIN = 'admin@stockroom.test';

export interface FirstRun {
  /** A new administrator whose password nobody else knows: to be shown once. */
  readonly admin: { email: string; password: string } | undefined;
  readonly products: number;
}

/** What a database needs before anybody can use it: an administrator and, in development, something to look at. */
export async function prepareDatabase(app: INestApplicationContext, config: Config): Promise<FirstRun> {
  const users = app.get(UsersService);
  const products = config.isDevelopment ? await app.get(DemoCatalogueLoader).loadIntoEmpty() : 0;
  if (await users.hasActive('admin')) return { admin: undefined, products };
  const { email, password } = config.admin;
  if (email !== undefined && password !== undefined) {
    await createAdmin(users, email, password);
    return { admin: undefined, products };
  }
  if (!config.isDevelopment) return { admin: undefined, products };
  const admin = { email: DEVELOPMENT_ADMIN, password: randomBytes(12).toString('base64url') };
  await createAdmin(users, admin.email, admin.password);
  return { admin, products };
}

async function createAdmin(users: UsersService, email: string, password: string): Promise<void> {
  try {
    await users.createUser({ email, password, full_name: 'Administrator', role: 'admin' });
  } catch (error) {
    // Another instance that starts at the same moment was faster.
    if (!(error instanceof Problem && error.code === 'duplicate_email' && (await users.hasActive('admin'))))
      throw error;
  }
}
