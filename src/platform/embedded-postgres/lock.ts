import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres.error.js';
import { isAlive, sleep, startTime } from './processes.js';

export interface Lock {
  release(): void;
}

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** The pid that holds the lock, unless that process is dead or its number has passed to another one. */
function livingHolder(content: string): number | undefined {
  const [pid = NaN, started = ''] = content
    .split('\n')
    .map((line, index) => (index === 0 ? Number(line) : line));
  if (typeof pid !== 'number' || !(pid > 0) || !isAlive(pid)) return undefined;
  return startTime(pid) === started ? pid : undefined;
}

/** Moves a dead process's lock aside. Two that do so at once: the slower one finds a living lock in its hand, and returns it. */
function removeStale(file: string, judged: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (read(aside) === judged) rmSync(aside, { force: true });
  else renameSync(aside, file);
}

/** One launcher for a data folder. (Below it PostgreSQL's own lock guards the data; this one can name the culprit.) */
export async function lockDataDir(dataDir: string): Promise<Lock> {
  const file = join(dataDir, 'postgres.lock');
  const mine = `${process.pid}\n${startTime(process.pid)}\n`;

  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      writeFileSync(file, mine, { flag: 'wx' });
      return {
        release: () => {
          if (read(file) === mine) rmSync(file, { force: true });
        },
      };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const found = read(file);
    if (found === undefined) continue;
    const holder = livingHolder(found);
    if (holder !== undefined) {
      throw new EmbeddedPostgresError(
        `Another Stockroom (pid ${holder}) already uses ${dataDir}. Stop it, or set DATA_DIR or DATABASE_URL.`,
      );
    }
    if (found === '' && attempt < 10)
      await sleep(20); // its owner is about to write its pid
    else removeStale(file, found);
  }
  throw new EmbeddedPostgresError(
    `Several processes fight over ${file}. Stop all but one, then delete the file.`,
  );
}
