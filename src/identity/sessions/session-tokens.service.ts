import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Config } from '../../../config/index.js';
import { Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { AccessStateService } from './access-state.service.js';
import { ACCESS_TOKEN_SECONDS, AccessTokensService } from './access-tokens.service.js';
import type { TokenSubject } from './access-tokens.service.js';
import type { Device } from './device.js';
import {
  formatRefreshToken,
  hashSecret,
  newRefreshToken,
  nextRefreshToken,
  parseRefreshToken,
} from './refresh-token.js';
import type { RefreshToken } from './refresh-token.js';
import { Session } from './session.entity.js';
import { IDLE_DAYS, SessionsRepository } from './sessions.repository.js';
import type { TokensResponse } from './tokens.dto.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The tokens of sessions: a sign-in begins one, whose refresh token is replaced at every use. */
@Injectable()
export class SessionTokensService {
  private readonly logger = new Logger(SessionTokensService.name);

  constructor(
    private readonly sessions: SessionsRepository,
    private readonly users: UsersService,
    private readonly tokens: AccessTokensService,
    private readonly state: AccessStateService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
    private readonly config: Config,
  ) {}

  /**
   * Begins a session for a user whose credentials were checked.
   * @param user as read before the check: if its password changed since, the check is worth nothing
   * @throws Problem `invalid_credentials`
   */
  async begin(tx: EntityManager, user: User, device: Device, secondFactor: boolean): Promise<TokensResponse> {
    const now = new Date();
    const token = newRefreshToken(uuidv7({ msecs: now.getTime() }));
    const session = newSession(user, token, device, secondFactor, now);
    if (!(await this.sessions.insert(tx, session, user.passwordHash))) {
      throw new Problem('invalid_credentials', 'The account has changed. Sign in again.');
    }
    await this.events.append(tx, {
      type: 'session.started',
      resourceId: session.id,
      actor: { type: 'user', id: user.id },
      details: { ip: device.ip, second_factor: secondFactor },
    });
    return this.issue({ user, session }, token);
  }

  /** @throws Problem `invalid_credentials`; a token that was used before also ends its session */
  async refresh(text: string): Promise<TokensResponse> {
    const token = parseRefreshToken(text) ?? refuse();
    const next = this.config.tokens.keys.map((key) => nextRefreshToken(token, key));
    const session = await this.sessions.rotate({
      used: token,
      next,
      now: new Date(),
      graceSeconds: this.config.tokens.refreshGraceSeconds,
    });
    if (!session) {
      await this.endReplayed(token);
      return refuse();
    }
    const user = await this.users.findById(session.userId);
    if (!user?.isActive || session.createdAt < user.sessionsValidFrom) return refuse();
    const current = next.find(({ secret }) => hashSecret(secret).equals(session.secretHash));
    return this.issue({ user, session }, current ?? refuse());
  }

  /** Ends the session of the token. A token that is not valid has nothing to end, which is what its owner wants. */
  async endByToken(text: string): Promise<void> {
    const token = parseRefreshToken(text);
    if (token) await this.endFamily(token, 'session.ended');
  }

  /** OWASP ASVS 5.0, 10.4.5: who presents a replaced token may have stolen it, so the whole session ends. */
  private async endReplayed(token: RefreshToken): Promise<void> {
    if (!(await this.endFamily(token, 'session.replayed'))) return;
    this.logger.warn(`Session ${token.sessionId} ended: its refresh token was used twice`);
  }

  private async endFamily(
    { sessionId, family }: RefreshToken,
    type: 'session.ended' | 'session.replayed',
  ): Promise<boolean> {
    const userId = await this.transactions.run(async (tx) => {
      const owner = await this.sessions.endByFamily(tx, sessionId, hashSecret(family), new Date());
      if (owner !== null) {
        const actor = { type: 'user', id: owner } as const;
        await this.events.append(tx, { type, resourceId: sessionId, actor });
      }
      return owner;
    });
    if (userId !== null) this.state.sessionEnded(sessionId);
    return userId !== null;
  }

  private async issue({ user, session }: TokenSubject, token: RefreshToken): Promise<TokensResponse> {
    return {
      access_token: await this.tokens.sign({ user, session }),
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN_SECONDS,
      refresh_token: formatRefreshToken(token),
      scope: this.tokens.scopeText(user.role, session.secondFactor),
    };
  }
}

function newSession(
  user: User,
  token: RefreshToken,
  device: Device,
  secondFactor: boolean,
  now: Date,
): Session {
  return Object.assign(new Session(), {
    id: token.sessionId,
    userId: user.id,
    familyHash: hashSecret(token.family),
    secretHash: hashSecret(token.secret),
    previousSecretHash: null,
    secondFactor,
    ip: device.ip,
    userAgent: device.userAgent?.slice(0, 500) ?? null,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: new Date(now.getTime() + IDLE_DAYS * DAY_MS),
    endedAt: null,
  });
}

function refuse(): never {
  throw new Problem('invalid_credentials', 'The refresh token is not valid. Sign in again.');
}
