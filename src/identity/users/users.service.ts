import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Role } from '../../../config/scopes.js';
import type { Page } from '../../http/pages/page.js';
import { Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import type { Precondition } from '../../http/responses/precondition.js';
import { EventLog } from '../../platform/events/event-log.js';
import { PasswordsService } from './passwords.service.js';
import type { CreateUserDto, ListUsersQuery, UpdateMeDto, UpdateUserDto } from './user.dto.js';
import { User } from './user.entity.js';
import type { UserAccess } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

/** The accounts: who exists, in which role, active or not. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly passwords: PasswordsService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  getUser(id: string): Promise<User> {
    return this.users.table.get(id);
  }

  findById(id: string): Promise<User | null> {
    return this.users.table.find(id);
  }

  /** The user as it is, which it then stays until the end of the transaction. */
  lockUser(tx: EntityManager, id: string): Promise<User | null> {
    return this.users.table.lock(tx, id);
  }

  /** Without regard to case. */
  findByEmail(email: string): Promise<User | null> {
    return this.users.findByEmail(email);
  }

  listAccessChanges(since: Date): Promise<UserAccess[]> {
    return this.users.accessChangedSince(since);
  }

  listUsers(query: ListUsersQuery): Promise<Page<User>> {
    return this.users.page(query);
  }

  /** @throws Problem `duplicate_email` */
  async createUser(dto: CreateUserDto): Promise<User> {
    const draft = await this.draft(dto);
    return this.transactions.run((tx) => this.add(tx, draft, 'user.created'));
  }

  /** An account that is not stored yet; without a password it can be signed in to by other means only. */
  async draft(dto: Omit<CreateUserDto, 'password'> & { password?: string }): Promise<User> {
    if (dto.password !== undefined) this.passwords.assertUncommon(dto.password);
    const now = new Date();
    return Object.assign(new User(), {
      id: uuidv7(),
      email: dto.email,
      fullName: dto.full_name,
      role: dto.role ?? 'customer',
      isActive: true,
      emailVerified: false,
      passwordHash: dto.password === undefined ? null : await this.passwords.hash(dto.password),
      sessionsValidFrom: now,
      accessChangedAt: now,
    });
  }

  /** Stores a draft. @throws Problem `duplicate_email` */
  async add(tx: EntityManager, user: User, event: 'user.created' | 'user.registered'): Promise<User> {
    const added = Object.assign(user, await this.users.table.insert(tx, user));
    await this.events.append(tx, {
      type: event,
      resourceId: user.id,
      changes: { role: [null, user.role] },
    });
    return added;
  }

  updateMe(id: string, dto: UpdateMeDto, versions: Precondition): Promise<User> {
    return this.updateUser(id, dto, versions);
  }

  /** @throws Problem `last_admin`, `duplicate_email`, `precondition_failed` */
  updateUser(id: string, dto: UpdateUserDto, versions: Precondition): Promise<User> {
    return this.transactions.run(async (tx) => {
      const losesAdmin = dto.is_active === false || (dto.role !== undefined && dto.role !== 'admin');
      if (losesAdmin) await this.assertAnotherAdmin(tx, id);
      const ended = dto.is_active === false && { sessionsValidFrom: new Date() };
      const fields = { ...this.users.table.valuesOf(dto), ...ended };
      const change = await this.users.table.update(tx, { id, versions }, fields);
      const changes = this.users.table.changesOf(change);
      if (Object.keys(changes).length > 0)
        await this.events.append(tx, { type: 'user.updated', resourceId: id, changes });
      return change.after;
    });
  }

  /** Takes the account away; its e-mail is free again. @throws Problem `last_admin`, `precondition_failed` */
  deleteUser(id: string, versions: Precondition): Promise<void> {
    return this.transactions.run(async (tx) => {
      await this.assertAnotherAdmin(tx, id);
      await this.users.table.update(tx, { id, versions }, { sessionsValidFrom: new Date() });
      await this.users.table.softDelete(tx, { id, versions: 'any' });
      await this.events.append(tx, { type: 'user.deleted', resourceId: id });
    });
  }

  async replacePasswordHash(tx: EntityManager, id: string, passwordHash: string): Promise<void> {
    await this.users.table.update(tx, { id, versions: 'any' }, { passwordHash });
  }

  /** Whether the user still is active and has this password, which then stays so until the end of the transaction. */
  async lockUnchanged(tx: EntityManager, { id, passwordHash }: User): Promise<boolean> {
    const user = await this.users.table.lock(tx, id);
    return user !== null && user.isActive && user.passwordHash === passwordHash;
  }

  /** The same password, hashed anew. */
  rehash(id: string, from: string, to: string): Promise<void> {
    return this.users.rehash(id, from, to);
  }

  /** Replaces the password (null: by none) and ends what began with the old one. */
  async resetPassword(tx: EntityManager, id: string, passwordHash: string | null): Promise<void> {
    await this.users.table.update(
      tx,
      { id, versions: 'any' },
      { passwordHash, sessionsValidFrom: new Date() },
    );
  }

  /** Returns whether this still is the user's address, which is verified now. */
  async verifyEmail(tx: EntityManager, id: string, email: string): Promise<boolean> {
    const user = await this.users.table.lock(tx, id);
    if (user?.email.toLowerCase() !== email.toLowerCase()) return false;
    if (user.emailVerified) return true;
    await this.users.table.update(tx, { id, versions: 'any' }, { emailVerified: true });
    await this.events.append(tx, {
      type: 'user.email_verified',
      resourceId: id,
      changes: { email_verified: [false, true] },
      actor: { type: 'user', id },
    });
    return true;
  }

  /** Whether a user of this role can sign in; asked at start, to make the first administrator. */
  async hasActive(role: Role): Promise<boolean> {
    const { rows } = await this.users.page({ role, is_active: true, limit: 1, sort: '-created_at' });
    return rows.length > 0;
  }

  private async assertAnotherAdmin(tx: EntityManager, id: string): Promise<void> {
    const admins = await this.users.lockActiveAdminIds(tx);
    if (admins.length === 1 && admins[0] === id) throw new Problem('last_admin');
  }
}
