import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './build.js';

/** What `npm run keys -- ...` runs, as it was built. */
export function runKeys(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const command = join(ROOT, 'dist/config/keys.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}
