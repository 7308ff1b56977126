import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Config } from '../../../config/index.js';
import type { IdempotencyStore, KeptAnswer, KeyedRequest } from '../../http/idempotency/idempotency-store.js';
import { Problem } from '../../http/problems/problem.js';
import { Transactions } from '../database/transactions.js';
import type { JobContext } from '../jobs/job-registry.js';
import { IdempotencyKeysRepository } from './idempotency-keys.repository.js';
import { OnSchedule } from '../jobs/job.decorators.js';

const KEPT_MS = 24 * 60 * 60 * 1000;
const BATCH = 1000;

/** Somebody else has carried out the key between our look and our lock. */
class CarriedOut extends Error {
  constructor(readonly sealedAnswer: string) {
    super('The key was carried out meanwhile');
  }
}

/**
 * Carries out each Idempotency-Key once. The row that says so commits in the transaction of the effect; of simultaneous
 * requests one holds the key's advisory lock, and the others are told so at once, on whichever instance they are.
 */
@Injectable()
export class IdempotencyService implements IdempotencyStore {
  constructor(
    private readonly keys: IdempotencyKeysRepository,
    private readonly transactions: Transactions,
    private readonly config: Config,
  ) {}

  async answer(request: KeyedRequest, work: () => Promise<KeptAnswer>) {
    const keyHash = createHash('sha256')
      .update(JSON.stringify([request.scope, request.key]))
      .digest();
    const known = await this.keys.findAnswer(keyHash);
    if (known !== null) return this.replay(keyHash, request, known);
    // Before work that has more to undo than a transaction, such as an upload, only begins.
    if (await this.keys.isLocked(keyHash)) throw new Problem('idempotency_in_progress');
    const begin = (tx: EntityManager) => this.begin(tx, keyHash);
    const end = (tx: EntityManager, answer: KeptAnswer) => this.keep(tx, keyHash, request, answer);
    try {
      return { ...(await this.transactions.runIdempotent({ begin, end }, work)), replayed: false };
    } catch (error) {
      if (error instanceof CarriedOut) return this.replay(keyHash, request, error.sealedAnswer);
      throw error;
    }
  }

  private async begin(tx: EntityManager, keyHash: Buffer): Promise<void> {
    if (!(await this.keys.tryLock(tx, keyHash))) throw new Problem('idempotency_in_progress');
    // A statement of its own: its snapshot must be younger than the lock.
    const known = await this.keys.findAnswer(keyHash, tx);
    if (known !== null) throw new CarriedOut(known);
  }

  private async keep(tx: EntityManager, keyHash: Buffer, request: KeyedRequest, answer: KeptAnswer) {
    const text = JSON.stringify({ fingerprint: await request.fingerprint(), ...answer });
    const sealedAnswer = this.config.sealer.seal(text, contextOf(keyHash));
    await this.keys.save(tx, { keyHash, sealedAnswer, expiresAt: new Date(Date.now() + KEPT_MS) });
  }

  private async replay(keyHash: Buffer, request: KeyedRequest, sealedAnswer: string) {
    const text = this.config.sealer.open(sealedAnswer, contextOf(keyHash));
    if (text === null)
      throw new Problem('conflict', 'This key was carried out, but its answer cannot be read any more.');
    const { fingerprint, headers, body } = JSON.parse(text) as KeptAnswer & { fingerprint: string };
    if (fingerprint !== (await request.fingerprint())) throw new Problem('idempotency_key_reused');
    return { headers, body, replayed: true };
  }

  @OnSchedule('idempotency.remove_expired', '*/10 * * * *')
  async removeExpired({ signal }: JobContext): Promise<void> {
    while ((await this.keys.deleteExpired(BATCH)) === BATCH) signal.throwIfAborted();
  }
}

function contextOf(keyHash: Buffer): string {
  return `idempotency:${keyHash.toString('base64url')}`;
}
