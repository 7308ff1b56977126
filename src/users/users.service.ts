import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Role } from '../common/access/scopes.js';
import type { Page } from '../common/pages/page.js';
import { Problem } from '../common/problems/problem.js';
import type { AcceptedVersions } from '../database/versioned-rows.js';
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
    private readonly dataSource: DataSource,
  ) {}

  async getUser(id: string): Promise<User> {
    return (await this.users.findById(id)) ?? notFound();
  }

  findById(id: string): Promise<User | null> {
    return this.users.findById(id);
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
    this.passwords.assertUncommon(dto.password);
    const now = new Date();
    const user = Object.assign(new User(), {
      id: uuidv7(),
      email: dto.email,
      fullName: dto.full_name,
      role: dto.role ?? 'customer',
      isActive: true,
      emailVerified: false,
      passwordHash: await this.passwords.hash(dto.password),
      sessionsValidFrom: now,
      accessChangedAt: now,
    });
    await this.users.insert(user);
    return user;
  }

  updateMe(id: string, dto: UpdateMeDto, versions: AcceptedVersions): Promise<User> {
    return this.updateUser(id, dto, versions);
  }

  /** @throws Problem `last_admin`, `duplicate_email`, `precondition_failed` */
  updateUser(id: string, dto: UpdateUserDto, versions: AcceptedVersions): Promise<User> {
    return this.dataSource.transaction(async (tx) => {
      const losesAdmin = dto.is_active === false || (dto.role !== undefined && dto.role !== 'admin');
      if (losesAdmin) await this.assertAnotherAdmin(tx, id);
      return (await this.users.update(tx, id, versions, changesOf(dto))) ?? this.explainUnchanged(tx, id);
    });
  }

  /** Takes the account away; its e-mail is free again. @throws Problem `last_admin`, `precondition_failed` */
  deleteUser(id: string, versions: AcceptedVersions): Promise<void> {
    return this.dataSource.transaction(async (tx) => {
      await this.assertAnotherAdmin(tx, id);
      const now = new Date();
      const changes = { sessionsValidFrom: now, accessChangedAt: now };
      if (!(await this.users.update(tx, id, versions, changes))) await this.explainUnchanged(tx, id);
      await this.users.softDelete(tx, id);
    });
  }

  async replacePasswordHash(tx: EntityManager, id: string, passwordHash: string): Promise<void> {
    await this.users.update(tx, id, 'any', { passwordHash });
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

  /** No row was changed: there is none, or not in a version that the caller accepts. */
  private async explainUnchanged(tx: EntityManager, id: string): Promise<never> {
    if (!(await this.users.findById(id, tx))) notFound();
    throw new Problem('precondition_failed');
  }
}

function changesOf(dto: UpdateUserDto): Partial<User> {
  const now = new Date();
  return {
    ...(dto.email !== undefined && { email: dto.email, emailVerified: false }),
    ...(dto.full_name !== undefined && { fullName: dto.full_name }),
    ...(dto.role !== undefined && { role: dto.role }),
    ...(dto.is_active !== undefined && { isActive: dto.is_active }),
    ...(dto.is_active === false && { sessionsValidFrom: now }),
    ...((dto.role ?? dto.is_active) !== undefined && { accessChangedAt: now }),
  };
}

function notFound(): never {
  throw new Problem('not_found');
}
