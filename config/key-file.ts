import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { KeySet } from './key-rotation.js';
import { generateKeySet, SIGNING_ALGORITHMS, toSigningKey } from './signing-keys.js';
import type { PrivateJwk, SigningKey } from './signing-keys.js';

/** A key file that is missing, unreadable or no such thing; the message is a sentence for people. */
export class KeyFileError extends Error {}

const keySetSchema = z.looseObject({
  development: z.boolean().optional(),
  keys: z
    .array(
      z.looseObject({
        kid: z.string().min(1, 'a key has no kid').max(128, 'a kid has more than 128 characters'),
        alg: z.enum(SIGNING_ALGORITHMS, `alg must be ${SIGNING_ALGORITHMS.join(' or ')}`),
        d: z.string({ error: 'a key has no private part (d)' }),
        next: z.boolean().optional(),
        retired: z.boolean().optional(),
      }),
    )
    .min(1, 'it holds no key')
    .refine((keys) => keys[0]?.retired !== true, 'the first key signs, and is retired')
    .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'two keys have the same kid'),
});

/** What the service does with the keys of its file. */
export interface ServiceKeys {
  /** The first signs; all of them verify, and are published. */
  readonly keys: readonly SigningKey[];
  /** They only open what was sealed with them, and cursors that were made with them. */
  readonly retiredKeys: readonly SigningKey[];
}

/** @throws KeyFileError */
export function readSigningKeys(file: string, options: { production: boolean }): ServiceKeys {
  const { development, keys } = readKeySet(file);
  if (options.production && development === true) {
    throw new KeyFileError(
      `${file} holds keys that were generated for development; make new ones with: npm run keys:generate`,
    );
  }
  return {
    keys: keys.filter(({ retired }) => !retired).map(toSigningKey),
    retiredKeys: keys.filter(({ retired }) => retired).map(toSigningKey),
  };
}

/** All of the file, of which every key can be used. @throws KeyFileError */
export function readKeySet(file: string): KeySet {
  const { success, data, error } = keySetSchema.safeParse(parseFile(file));
  if (!success)
    throw new KeyFileError(`${file} is no private JWK set: ${error.issues.map(describe).join('; ')}`);
  const set = data as KeySet;
  for (const key of set.keys) assertUsable(key, file);
  return set;
}

/**
 * Whoever reads the file finds the old keys or the new ones, never half of them. It stays with its owner and as readable
 * as it is; a new one is for its owner only. @throws KeyFileError
 */
export function writeKeySet(file: string, set: KeySet): void {
  // What a link leads to is replaced, not the link.
  const target = existsSync(file) ? realpathSync(file) : file;
  const draft = `${target}.${process.pid}`;
  try {
    rmSync(draft, { force: true });
    writeFileSync(draft, formatKeySet(set), { mode: 0o600, flag: 'wx', flush: true });
    const before = statSync(target, { throwIfNoEntry: false });
    if (before) {
      chownSync(draft, before.uid, before.gid);
      chmodSync(draft, before.mode & 0o777);
    }
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new KeyFileError(`${file} cannot be written (${codeOf(error)})`, { cause: error });
  }
}

export function formatKeySet(set: KeySet): string {
  return `${JSON.stringify(set, null, 2)}\n`;
}

/** Makes the keys of a development service once; later starts read the same file. */
export function ensureDevelopmentKeys(file: string): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeKeySet(file, { development: true, ...generateKeySet() });
}

function parseFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new KeyFileError(`${file} cannot be read (${codeOf(error)})`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch {
    // Not as the cause: the parser's message quotes the file.
    throw new KeyFileError(`${file} is not JSON`);
  }
}

function assertUsable(key: PrivateJwk, file: string): void {
  try {
    toSigningKey(key);
  } catch (error) {
    throw new KeyFileError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}

function describe(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
}
