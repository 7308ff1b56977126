import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager, QueryRunner } from 'typeorm';
import { retryConflicts } from './retry.js';

/** What else belongs into the transaction that `Transactions.runIdempotent` shares. */
export interface IdempotentTransaction<T> {
  /** First thing, and only if there is a transaction at all. */
  begin(tx: EntityManager): Promise<void>;
  /** Last thing, with what the work returned. */
  end(tx: EntityManager, result: T): Promise<void>;
}

/** The transaction that all those of one request share, begun by the first that asks for it. */
class SharedTransaction {
  /** Cleared by work that cannot be done a second time. */
  isRepeatable = true;
  private runner: QueryRunner | undefined;
  private beginning: Promise<EntityManager> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly onBegin: (tx: EntityManager) => Promise<void>,
  ) {}

  get tx(): EntityManager | undefined {
    return this.runner?.manager;
  }

  /** One that could not begin stays so: whoever asks again must not go on without what `onBegin` demands. */
  begun(): Promise<EntityManager> {
    return (this.beginning ??= this.begin());
  }

  async commit(): Promise<void> {
    await this.runner?.commitTransaction();
    if (this.tx) runActions(this.tx);
  }

  async rollback(): Promise<void> {
    // Where the connection is gone there is nothing left to undo, and the first error is the one to tell.
    if (this.runner?.isTransactionActive) await this.runner.rollbackTransaction().catch(() => undefined);
  }

  async release(): Promise<void> {
    await this.runner?.release();
  }

  private async begin(): Promise<EntityManager> {
    this.runner = this.dataSource.createQueryRunner();
    await this.runner.startTransaction();
    actions.set(this.runner.manager, []);
    await this.onBegin(this.runner.manager);
    return this.runner.manager;
  }
}

const shared = new AsyncLocalStorage<SharedTransaction>();

/** What waits for the commit of each transaction. */
const actions = new WeakMap<EntityManager, (() => void)[]>();

function runActions(tx: EntityManager): void {
  for (const action of actions.get(tx) ?? []) action();
}

/**
 * How services begin transactions. Usually each `run` is one; inside of `runIdempotent` all of them are a single one, which
 * commits at the end.
 */
@Injectable()
export class Transactions {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Commits what the work does, or, if it throws, nothing of it. Where it conflicts with others, so that the database
   * gives it up, it is done again from its beginning.
   * @param options.isRepeatable false for work that cannot be, as it uses up a stream
   */
  async run<T>(work: (tx: EntityManager) => Promise<T>, { isRepeatable = true } = {}): Promise<T> {
    const open = shared.getStore();
    if (open) {
      open.isRepeatable &&= isRepeatable;
      return work(await open.begun());
    }
    return retryConflicts(
      () => this.once(work),
      () => isRepeatable,
    );
  }

  /** For a single statement, which is a transaction by itself, and begins none unless it has to share one. */
  async statement<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    const open = shared.getStore();
    return open ? work(await open.begun()) : retryConflicts(() => work(this.dataSource.manager));
  }

  /** Runs it once the transaction is committed, and not at all if that fails. */
  afterCommit(tx: EntityManager, action: () => void): void {
    const waiting = actions.get(tx);
    if (waiting) waiting.push(action);
    else action();
  }

  /**
   * Lets everything that the work does in transactions commit together with the frame. The transaction begins when the
   * work first asks for one: what takes long before that holds no connection. If the database gives it up, all of it is
   * done again, frame and work: half of a transaction is gone with the whole of it.
   * @throws Error if the work asked for none, as it then had its effect outside
   */
  runIdempotent<T>(keyed: IdempotentTransaction<T>, work: () => Promise<T>): Promise<T> {
    let open: SharedTransaction | undefined;
    return retryConflicts(
      () => {
        open = new SharedTransaction(this.dataSource, (tx) => keyed.begin(tx));
        return this.share(open, keyed, work);
      },
      () => open?.isRepeatable === true,
    );
  }

  private async once<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    const { result, tx } = await this.dataSource.transaction(async (tx) => {
      actions.set(tx, []);
      return { result: await work(tx), tx };
    });
    runActions(tx);
    return result;
  }

  private async share<T>(
    open: SharedTransaction,
    keyed: IdempotentTransaction<T>,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      const result = await shared.run(open, work);
      if (!open.tx) throw new Error('The work was to share a transaction, and began none');
      await keyed.end(open.tx, result);
      await open.commit();
      return result;
    } catch (error) {
      await open.rollback();
      throw error;
    } finally {
      await open.release();
    }
  }
}
