import { Injectable, Logger } from '@nestjs/common';
import type { UserAccess } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { ACCESS_TOKEN_SECONDS } from './access-tokens.service.js';
import { SessionsRepository } from './sessions.repository.js';

const REFRESH_EVERY_MS = 1000;
/** Older than this, the state is not believed: a request then waits for a new one (and fails if there is none). */
const STALE_AFTER_MS = 3000;
/** Looked at again at every refresh: clocks of instances differ, and a transaction commits after its time stamp. */
const OVERLAP_MS = 60_000;
const TOKEN_LIFE_MS = ACCESS_TOKEN_SECONDS * 1000 + OVERLAP_MS;

/**
 * What has changed under tokens that are still running: users whose role, activity or existence changed, and sessions
 * that ended, within the life of a token. Kept in memory and brought up to date by the requests themselves, at most
 * once a second, so that changes reach every instance within seconds without a query for each request.
 */
@Injectable()
export class AccessStateService {
  private readonly logger = new Logger(AccessStateService.name);
  private readonly users = new Map<string, UserAccess>();
  private readonly endedSessions = new Map<string, number>();
  private readAt: number | undefined;
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly usersService: UsersService,
    private readonly sessions: SessionsRepository,
  ) {}

  /** Resolves at once while the state is young; rejects when it is old and the database is away. */
  async ensureFresh(): Promise<void> {
    const age =
      this.readAt === undefined ? Infinity : performance.timeOrigin + performance.now() - this.readAt;
    if (age < REFRESH_EVERY_MS) return;
    const refreshed = this.refresh();
    if (age >= STALE_AFTER_MS) await refreshed;
    else
      refreshed.catch((error: unknown) =>
        this.logger.warn({ err: error, msg: 'The access state could not be read' }),
      );
  }

  /** Reads the changes now; simultaneous callers share one reading. */
  refresh(): Promise<void> {
    this.refreshing ??= this.read().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  findUser(userId: string): UserAccess | undefined {
    return this.users.get(userId);
  }

  isEnded(sessionId: string): boolean {
    return this.endedSessions.has(sessionId);
  }

  private async read(): Promise<void> {
    const now = performance.timeOrigin + performance.now();
    const since = new Date(Math.max(now - TOKEN_LIFE_MS, (this.readAt ?? 0) - OVERLAP_MS));
    const [changed, ended] = await Promise.all([
      this.usersService.listAccessChanges(since),
      this.sessions.endedSince(since),
    ]);
    for (const user of changed) this.users.set(user.id, user);
    for (const id of ended) this.endedSessions.set(id, this.endedSessions.get(id) ?? now);
    this.forgetBefore(now - TOKEN_LIFE_MS);
    this.readAt = now;
  }

  /** No token is older than that. */
  private forgetBefore(time: number): void {
    for (const [id, { accessChangedAt }] of this.users) {
      if (accessChangedAt.getTime() < time) this.users.delete(id);
    }
    for (const [id, seenAt] of this.endedSessions) {
      if (seenAt < time) this.endedSessions.delete(id);
    }
  }
}
