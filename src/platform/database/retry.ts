import { setTimeout as sleep } from 'node:timers/promises';
import { sqlStateOf } from './sql-state.js';

/** Serialization failure and deadlock: the transaction is rolled back, and would succeed by itself. */
const CONFLICTS: readonly unknown[] = ['40001', '40P01'];

const ATTEMPTS = 4;
const PAUSE_MS = 20;

/** Tries again what the database gave up because it conflicted with others, after pauses that keep those apart. */
export async function retryConflicts<T>(attempt: () => Promise<T>, mayRepeat = () => true): Promise<T> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (number === ATTEMPTS || !CONFLICTS.includes(sqlStateOf(error)) || !mayRepeat()) throw error;
      await sleep(Math.random() * PAUSE_MS * 2 ** number);
    }
  }
}
