import { Injectable } from '@nestjs/common';
import { Problem } from '../../http/problems/problem.js';
import { sqlStateOf } from '../../platform/database/sql-state.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { IdentitiesRepository } from './identities.repository.js';
import type { Subject } from './identities.repository.js';
import type { ProvenIdentity } from './identity-provider.service.js';
import type { Profile } from './profile.js';

const UNIQUE_VIOLATION = '23505';
const TRIES = 3;

/** Whose account an identity of the provider is. */
@Injectable()
export class IdentitiesService {
  constructor(
    private readonly identities: IdentitiesRepository,
    private readonly users: UsersService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  /**
   * The account that the identity is linked to, whatever their addresses are by now; else the one that has its verified
   * address; else a new one.
   * @throws Problem `email_not_verified`
   */
  async userOf(identity: ProvenIdentity): Promise<User> {
    return (await this.find(identity)) ?? this.connect(identity, await identity.profile(), TRIES);
  }

  private async find(identity: Subject): Promise<User | null> {
    const userId = await this.identities.findUserId(identity);
    return userId === null ? null : this.users.findById(userId);
  }

  /** Of two first sign-ins at once one makes the account, and the other one finds it when it looks again. */
  private async connect(identity: Subject, profile: Profile, tries: number): Promise<User> {
    try {
      const account = await this.users.findByEmail(profile.email);
      // Else somebody could register the address of another, wait for them, and share the account by a password.
      if (account && !account.emailVerified) throw new Problem('email_not_verified', UNVERIFIED);
      return await this.link(identity, profile, account);
    } catch (error) {
      if (tries === 1 || sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
      return (await this.find(identity)) ?? this.connect(identity, profile, tries - 1);
    }
  }

  private async link({ issuer, subject }: Subject, profile: Profile, account: User | null): Promise<User> {
    const user = account ?? (await this.newUser(profile));
    const identity = { issuer, subject, userId: user.id, createdAt: new Date() };
    await this.transactions.run(async (tx) => {
      if (!account) await this.users.add(tx, user, 'user.registered');
      await this.identities.deleteOfDeletedUser(tx, identity);
      if (!(await this.identities.insert(tx, identity, profile.email))) {
        throw new Problem('invalid_credentials', 'The account has changed. Sign in again.');
      }
      await this.events.append(tx, {
        type: 'user.identity_linked',
        resourceId: user.id,
        actor: { type: 'user', id: user.id },
        details: { issuer },
      });
    });
    return user;
  }

  /** Without a password; a reset gives it one. */
  private async newUser({ email, fullName }: Profile): Promise<User> {
    const user = await this.users.draft({ email, full_name: fullName });
    return Object.assign(user, { emailVerified: true });
  }
}

const UNVERIFIED =
  'An account with your e-mail address exists, but the address is not verified. ' +
  'Sign in to it and verify the address, or reset its password, then try again.';
