import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Caller } from '../../http/access/caller.js';
import { Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EmailVerificationsService } from '../email-verifications/email-verifications.service.js';
import { EventLog } from '../../platform/events/event-log.js';
import { OneTimeTokensService } from '../one-time-tokens/one-time-tokens.service.js';
import type { Device } from '../sessions/device.js';
import { SessionTokensService } from '../sessions/session-tokens.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { TokensResponse } from '../sessions/tokens.dto.js';
import { TwoStepService } from '../two-step/two-step.service.js';
import { PasswordsService } from '../users/passwords.service.js';
import type { RegisterDto } from '../users/user.dto.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { AttemptLimiter } from './attempt-limiter.service.js';
import type { ChangePasswordDto, ConfirmLoginDto, LoginDto } from './auth.dto.js';

const SECOND_STEP_SECONDS = 5 * 60;
/** Codes that may be tried with one password entry. */
const SECOND_STEP_TRIES = 5;

/** Registering, signing in with a password and perhaps a second step, and changing the password. */
@Injectable()
export class AuthService {
  constructor(
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly sessions: SessionsService,
    private readonly sessionTokens: SessionTokensService,
    private readonly twoStep: TwoStepService,
    private readonly verifications: EmailVerificationsService,
    private readonly tokens: OneTimeTokensService,
    private readonly limiter: AttemptLimiter,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
    private readonly dataSource: DataSource,
  ) {}

  /** Creates the account, and the mail that asks to verify its address. @throws Problem `duplicate_email` */
  async register({ email, password, full_name }: RegisterDto): Promise<User> {
    const draft = await this.users.draft({ email, password, full_name });
    return this.transactions.run(async (tx) => {
      const user = await this.users.add(tx, draft, 'user.registered');
      await this.verifications.request(tx, user);
      return user;
    });
  }

  /**
   * @throws Problem `invalid_credentials`, the same and after the same time whether or not there is such an account;
   * `mfa_required`
   */
  async login({ email, password }: LoginDto, device: Device): Promise<TokensResponse> {
    const user = await this.users.findByEmail(email);
    const fits = await this.passwords.verify(user?.passwordHash, password);
    if (!user || !fits || !user.isActive) {
      await this.recordRefusal(user, device);
      throw new Problem('invalid_credentials', 'The e-mail or the password is wrong.');
    }
    return this.signIn(await this.withCurrentHash(user, password), device);
  }

  /** Begins a session for a user who has proven to be one, or asks for the second step. @throws Problem `mfa_required` */
  async signIn(user: User, device: Device): Promise<TokensResponse> {
    if (await this.twoStep.isEnabled(user.id)) await this.askForSecondStep(user);
    return this.begin(user, device, false);
  }

  /** The second step of a sign-in. @throws Problem `invalid_credentials` */
  async confirmLogin({ mfa_token, code }: ConfirmLoginDto, device: Device): Promise<TokensResponse> {
    const bearer = await this.tokens.tryOut('two_step_sign_in', mfa_token, SECOND_STEP_TRIES);
    const user = bearer && (await this.users.findById(bearer.userId));
    if (!user) throw new Problem('invalid_credentials', 'The mfa_token is not valid. Sign in again.');
    if (!(await this.twoStep.verify(user.id, code))) {
      await this.recordRefusal(user, device);
      throw new Problem('invalid_credentials', 'The code is wrong or already used.');
    }
    return this.begin(user, device, true, mfa_token);
  }

  /** Replaces the caller's password and ends all other sessions. @throws Problem `invalid_credentials` */
  async changePassword(caller: Caller, dto: ChangePasswordDto): Promise<void> {
    const user = await this.users.getUser(caller.userId);
    if (!(await this.passwords.verify(user.passwordHash, dto.current_password))) {
      throw new Problem('invalid_credentials', 'current_password is wrong.');
    }
    this.passwords.assertUncommon(dto.password);
    const passwordHash = await this.passwords.hash(dto.password);
    await this.transactions.run(async (tx) => {
      await this.users.replacePasswordHash(tx, user.id, passwordHash);
      await this.sessions.endOthers(tx, user.id, caller.sessionId);
      // Whoever is half-way in has shown the old password.
      for (const purpose of ['password_reset', 'two_step_sign_in', 'oidc_sign_in'] as const)
        await this.tokens.revoke(tx, user.id, purpose);
      await this.events.append(tx, { type: 'user.password_changed', resourceId: user.id });
    });
    await this.sessions.refuseEnded();
  }

  private async begin(user: User, device: Device, secondFactor: boolean, mfaToken?: string) {
    const tokens = await this.transactions.run(async (tx) => {
      // In the order in which a new password locks the two.
      if (mfaToken !== undefined) await this.users.lockUser(tx, user.id);
      const isUsed = mfaToken !== undefined && !(await this.tokens.take(tx, 'two_step_sign_in', mfaToken));
      if (isUsed) throw new Problem('invalid_credentials', 'The mfa_token is not valid. Sign in again.');
      return this.sessionTokens.begin(tx, user, device, secondFactor);
    });
    await this.limiter.remember(user.email, device.ip);
    return tokens;
  }

  private async askForSecondStep(user: User): Promise<never> {
    const token = await this.transactions.run(async (tx) => {
      // A password that was replaced while it was checked must not leave a token behind.
      if (!(await this.users.lockUnchanged(tx, user))) {
        throw new Problem('invalid_credentials', 'The account has changed. Sign in again.');
      }
      return this.tokens.create(tx, {
        purpose: 'two_step_sign_in',
        userId: user.id,
        lifeSeconds: SECOND_STEP_SECONDS,
      });
    });
    throw new Problem('mfa_required', undefined, {
      members: { mfa_token: token, expires_in: SECOND_STEP_SECONDS },
    });
  }

  /** Hashes made with weaker parameters than today's are replaced while the password is at hand. */
  private async withCurrentHash(user: User, password: string): Promise<User> {
    if (user.passwordHash === null || !this.passwords.needsRehash(user.passwordHash)) return user;
    const passwordHash = await this.passwords.hash(password);
    await this.users.rehash(user.id, user.passwordHash, passwordHash);
    return Object.assign(user, { passwordHash });
  }

  /** The same work for an account as for none. */
  private async recordRefusal(user: User | null, { ip }: Device): Promise<void> {
    await this.events.append(this.dataSource.manager, {
      type: 'session.refused',
      resourceId: null,
      actor: { type: 'user', id: user?.id ?? null },
      details: { ip },
    });
  }
}
