import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { errorCode } from './embedded-postgres.error.js';

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const readProc = (pid: number, file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined; // no such process, or no /proc (macOS, Windows)
  }
};

/** The fields of /proc/<pid>/stat that follow the process name, which may itself hold blanks and brackets. */
const statFields = (pid: number): string[] | undefined => {
  const stat = readProc(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/** A zombie counts as gone: in a container whose first process reaps nobody it stays in the list for ever. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false;
  }
  return statFields(pid)?.[0] !== 'Z';
}

/** Tells a process from a later one with the same number. Empty where the system has no /proc. */
export const startTime = (pid: number): string => statFields(pid)?.[19] ?? '';

/** Is it a postmaster? Its children have rewritten titles (`postgres: checkpointer`). `true` where nobody can tell. */
export function mayBePostmaster(pid: number): boolean {
  const command = readProc(pid, 'cmdline');
  return command === undefined || /^postgres(\.exe)?$/.test(basename(command.split('\0', 1)[0] ?? ''));
}

export async function waitUntilGone(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}
