import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Page, PageQuery } from '../../http/pages/page.js';
import { Problem } from '../../http/problems/problem.js';
import { Transactions } from '../../platform/database/transactions.js';
import { EventLog } from '../../platform/events/event-log.js';
import { UsersService } from '../users/users.service.js';
import { AccessStateService } from './access-state.service.js';
import { SessionsRepository } from './sessions.repository.js';
import type { ListedSession } from './sessions.repository.js';
import { OnSchedule } from '../../platform/jobs/job.decorators.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const BATCH = 1000;

/** Where users are signed in, and how that ends. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly users: UsersService,
    private readonly state: AccessStateService,
    private readonly events: EventLog,
    private readonly transactions: Transactions,
  ) {}

  list(userId: string, query: PageQuery): Promise<Page<ListedSession>> {
    return this.sessions.page(userId, query, new Date());
  }

  /** The sessions of a user who must exist. @throws Problem `not_found` */
  async listOf(userId: string, query: PageQuery): Promise<Page<ListedSession>> {
    await this.users.getUser(userId);
    return this.list(userId, query);
  }

  /** @throws Problem `not_found`, also for somebody else's session */
  async end(userId: string, id: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      if (!(await this.sessions.end(tx, userId, id, new Date()))) throw new Problem('not_found');
      await this.events.append(tx, { type: 'session.ended', resourceId: id });
    });
    this.state.sessionEnded(id);
  }

  /** Ends all sessions of the user but one; together with whatever else the transaction does. */
  async endOthers(tx: EntityManager, userId: string, keptId: string | null): Promise<void> {
    await this.sessions.endOthers(tx, userId, keptId, new Date());
  }

  /** After a transaction with `endOthers`: this instance refuses the tokens at once, the others when they hear of it. */
  async refuseEnded(): Promise<void> {
    await this.state.catchUp();
  }

  /** Ends all sessions of the user. @throws Problem `not_found` */
  async endAll(userId: string): Promise<void> {
    await this.users.getUser(userId);
    await this.transactions.run(async (tx) => {
      await this.endOthers(tx, userId, null);
      await this.events.append(tx, { type: 'session.ended', resourceId: null, details: { user_id: userId } });
    });
    await this.state.catchUp();
  }

  /** Ended ones are kept for a day: an instance that was cut off reads what happened under its running tokens. */
  @OnSchedule('sessions.remove_expired', '7 * * * *')
  async removeOver(): Promise<void> {
    const now = Date.now();
    while ((await this.sessions.deleteOver(new Date(now), new Date(now - DAY_MS), BATCH)) === BATCH);
  }
}
