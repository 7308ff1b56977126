import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Config } from '../../config/index.js';
import type { Caller } from '../common/access/caller.js';
import type { Role } from '../common/access/scopes.js';
import { Problem } from '../common/problems/problem.js';
import { PasswordsService } from '../users/passwords.service.js';
import type { RegisterDto } from '../users/user.dto.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { AccessStateService } from './access-state.service.js';
import { ACCESS_TOKEN_SECONDS, AccessTokensService, scopeText } from './access-tokens.service.js';
import type { ChangePasswordDto, LoginDto, TokensResponse } from './auth.dto.js';
import {
  formatRefreshToken,
  hashSecret,
  newRefreshToken,
  nextRefreshToken,
  parseRefreshToken,
} from './refresh-token.js';
import type { RefreshToken } from './refresh-token.js';
import { Session } from './session.entity.js';
import { SessionsRepository } from './sessions.repository.js';

const DAY = 24 * 60 * 60 * 1000;
const IDLE_LIFE = 30 * DAY;
const ABSOLUTE_LIFE = 90 * DAY;

/** Where a login comes from, shown to its owner in the list of sessions. */
export interface Device {
  readonly ip: string;
  readonly userAgent: string | undefined;
}

/** Signing in and out: a login begins a session, whose refresh token is replaced at every use. */
@Injectable()
export class AuthService {
  private readonly logger = new Logger(AuthService.name);

  constructor(
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly sessions: SessionsRepository,
    private readonly tokens: AccessTokensService,
    private readonly state: AccessStateService,
    private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  register({ email, password, full_name }: RegisterDto): Promise<User> {
    return this.users.createUser({ email, password, full_name });
  }

  /** @throws Problem `invalid_credentials`, the same and after the same time whether or not there is such an account */
  async login({ email, password }: LoginDto, device: Device): Promise<TokensResponse> {
    const user = await this.users.findByEmail(email);
    const fits = await this.passwords.verify(user?.passwordHash, password);
    if (!user || !fits || !user.isActive) {
      throw new Problem('invalid_credentials', 'The e-mail or the password is wrong.');
    }
    const now = new Date();
    const token = newRefreshToken(uuidv7({ msecs: now.getTime() }));
    await this.sessions.insert(newSession(user, token, device, now));
    return this.issue(user, token);
  }

  /** @throws Problem `invalid_credentials`; a token that was used before also ends its session */
  async refresh(text: string): Promise<TokensResponse> {
    const token = parseRefreshToken(text) ?? refuse();
    const next = nextRefreshToken(token, this.tokens.signingKey);
    const now = new Date();
    const session = await this.sessions.rotate({
      used: token,
      next,
      now,
      idleSince: new Date(now.getTime() - IDLE_LIFE),
      graceSeconds: this.config.tokens.refreshGraceSeconds,
    });
    if (!session) {
      await this.endReplayed(token, now);
      return refuse();
    }
    const user = await this.users.findById(session.userId);
    if (!user?.isActive || session.createdAt < user.sessionsValidFrom) return refuse();
    return this.issue(user, next);
  }

  /** Ends the session of the token. A token that is not valid has nothing to end, which is what its owner wants. */
  async logout(text: string): Promise<void> {
    const token = parseRefreshToken(text);
    if (!token) return;
    await this.sessions.end(token.sessionId, hashSecret(token.family), new Date());
    await this.state.refresh();
  }

  /** Replaces the caller's password and ends all other sessions. @throws Problem `invalid_credentials` */
  async changePassword(caller: Caller, dto: ChangePasswordDto): Promise<void> {
    const user = await this.users.getUser(caller.userId);
    if (!(await this.passwords.verify(user.passwordHash, dto.current_password))) {
      throw new Problem('invalid_credentials', 'current_password is wrong.');
    }
    this.passwords.assertUncommon(dto.password);
    const passwordHash = await this.passwords.hash(dto.password);
    await this.dataSource.transaction(async (tx) => {
      await this.users.replacePasswordHash(tx, user.id, passwordHash);
      await this.sessions.endOthers(tx, user.id, caller.sessionId, new Date());
    });
    await this.state.refresh();
  }

  /** OWASP ASVS 5.0, 10.4.5: who presents a replaced token may have stolen it, so the whole session ends. */
  private async endReplayed(token: RefreshToken, now: Date): Promise<void> {
    const ended = await this.sessions.end(token.sessionId, hashSecret(token.family), now);
    if (!ended) return;
    this.logger.warn(`Session ${token.sessionId} ended: its refresh token was used twice`);
    await this.state.refresh();
  }

  private async issue(user: { id: string; role: Role }, token: RefreshToken): Promise<TokensResponse> {
    return {
      access_token: await this.tokens.sign(user, token.sessionId),
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN_SECONDS,
      refresh_token: formatRefreshToken(token),
      scope: scopeText(user.role),
    };
  }
}

function newSession(user: User, token: RefreshToken, device: Device, now: Date): Session {
  return Object.assign(new Session(), {
    id: token.sessionId,
    userId: user.id,
    familyHash: hashSecret(token.family),
    secretHash: hashSecret(token.secret),
    previousSecretHash: null,
    ip: device.ip,
    userAgent: device.userAgent?.slice(0, 500) ?? null,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: new Date(now.getTime() + ABSOLUTE_LIFE),
    endedAt: null,
  });
}

function refuse(): never {
  throw new Problem('invalid_credentials', 'The refresh token is not valid. Sign in again.');
}
