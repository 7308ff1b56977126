import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { PgListener } from '../../platform/database/pg-listener.js';
import type { UserAccess } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { ACCESS_TOKEN_SECONDS } from './access-tokens.service.js';
import { SessionsRepository } from './sessions.repository.js';

const REFRESH_EVERY_MS = 1000;
/** Older than this, the state is not believed: a request then waits for a new one (and fails if there is none). */
const STALE_AFTER_MS = 3000;
/** Looked at again at every reading: clocks of instances differ, and a transaction commits after its time stamp. */
const OVERLAP_MS = 60_000;
const TOKEN_LIFE_MS = ACCESS_TOKEN_SECONDS * 1000 + OVERLAP_MS;

interface Heard {
  /** Undefined for a session: it has ended, and that is all. */
  readonly user?: UserAccess;
  readonly at: number;
}

/**
 * What has changed under tokens that are still running: users whose role, activity or existence changed, and sessions
 * that ended, within the life of a token. The database announces each change, so that no request needs a query to
 * know. While the line is down the requests themselves read the changes, at most once a second.
 */
@Injectable()
export class AccessStateService implements OnModuleInit {
  private readonly logger = new Logger(AccessStateService.name);
  /** By id of the user or session, in the order of hearing. */
  private readonly changes = new Map<string, Heard>();
  private readAt = -Infinity;
  private reading: Promise<void> | undefined;

  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsRepository,
    private readonly listener: PgListener,
  ) {}

  onModuleInit(): void {
    this.listener.listen('access', {
      onPayload: (payload) => this.hear(JSON.parse(payload) as { user?: UserAccess; session?: string }),
      onConnect: () => {
        // Announcements from before are lost.
        this.readAt = -Infinity;
        return this.catchUp();
      },
    });
  }

  /** Resolves at once while the state is current; rejects when it is old and the database is away. */
  async ensureFresh(): Promise<void> {
    if (this.listener.isCurrent()) return;
    const age = performance.now() - this.readAt;
    if (age < REFRESH_EVERY_MS) return;
    const refreshed = this.refresh();
    if (age >= STALE_AFTER_MS) await refreshed;
    else
      refreshed.catch((error: unknown) =>
        this.logger.warn({ err: error, msg: 'The access state could not be read' }),
      );
  }

  /** Reads what was committed until now: a reading that is under way may have begun before. */
  async catchUp(): Promise<void> {
    await this.reading?.catch(() => undefined);
    await this.refresh();
  }

  /** Reads the changes; simultaneous callers share one reading. */
  private refresh(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** What this instance did itself, it need not be told. */
  sessionEnded(id: string): void {
    this.hear({ session: id });
  }

  findUser(userId: string): UserAccess | undefined {
    return this.changes.get(userId)?.user;
  }

  isEnded(sessionId: string): boolean {
    return this.changes.has(sessionId);
  }

  private async read(): Promise<void> {
    const began = performance.now();
    const lastRead = Date.now() - (began - this.readAt);
    const since = new Date(Math.max(Date.now() - TOKEN_LIFE_MS, lastRead - OVERLAP_MS));
    const [users, sessions] = await Promise.all([
      this.users.listAccessChanges(since),
      this.sessions.endedSince(since),
    ]);
    for (const user of users) this.hear({ user });
    for (const session of sessions) this.hear({ session });
    this.readAt = began;
  }

  private hear({ user, session }: { user?: UserAccess; session?: string }): void {
    const at = performance.now();
    if (session !== undefined) this.note(session, { at });
    if (user !== undefined && user.version >= (this.findUser(user.id)?.version ?? 0))
      this.note(user.id, { user, at });
    this.forgetBefore(at - TOKEN_LIFE_MS);
  }

  private note(id: string, heard: Heard): void {
    this.changes.delete(id);
    this.changes.set(id, heard);
  }

  /** No token is older than that. */
  private forgetBefore(time: number): void {
    for (const [id, { at }] of this.changes) {
      if (at >= time) return;
      this.changes.delete(id);
    }
  }
}
