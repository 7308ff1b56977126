import { existsSync } from 'node:fs';
import { formatKeySet, KeyFileError, readKeySet, writeKeySet } from './key-file.js';
import { addNextKey, promoteNextKey, retireKeys, stateOf } from './key-rotation.js';
import type { KeySet, KeyState } from './key-rotation.js';
import { generateKey, generateKeySet } from './signing-keys.js';
import type { SigningAlgorithm } from './signing-keys.js';

// Each command returns what there is to say, line by line, and throws a KeyFileError where it cannot be carried out.

const STATES = { signs: 'signs', next: 'verifies, signs next', verifies: 'verifies', retired: 'retired' };

export function generate(file: string, algorithm?: SigningAlgorithm): string[] {
  const set = generateKeySet(algorithm);
  if (file === '') return [formatKeySet(set).trimEnd()];
  if (existsSync(file)) throw new KeyFileError(`${file} is there already; to add a key: next ${file}`);
  return save(file, set, 'Keep it secret, and give it to every instance as JWT_KEYS_FILE.');
}

export function next(file: string, algorithm?: SigningAlgorithm): string[] {
  const set = readKeySet(file);
  return save(
    file,
    addNextKey(set, generateKey(algorithm ?? set.keys[0]?.alg)),
    'Restart all instances, one after the other. Wait 5 minutes: others may remember the published keys that long.',
    `Then: promote ${file}`,
  );
}

export function promote(file: string): string[] {
  const set = promoteNextKey(readKeySet(file));
  if (!set) throw new KeyFileError(`${file} has no next key; to add one: next ${file}`);
  return save(
    file,
    set,
    'Restart all instances, one after the other. Wait 15 minutes: access tokens of the old key live that long.',
    `Then: retire ${file}`,
  );
}

export function retire(file: string): string[] {
  const set = retireKeys(readKeySet(file));
  if (!set) throw new KeyFileError(`${file} has no key to retire: each one signs, will sign or is retired`);
  return save(
    file,
    set,
    'Restart all instances, one after the other. Leave retired keys in the file: they open what they sealed.',
  );
}

/** The step of a rotation that is due: next, promote or retire. */
export function rotate(file: string): string[] {
  const set = readKeySet(file);
  const isThere = (state: KeyState) => set.keys.some((key) => stateOf(key, set) === state);
  if (isThere('next')) return promote(file);
  return isThere('verifies') ? retire(file) : next(file);
}

export function show(file: string): string[] {
  return list(readKeySet(file));
}

function save(file: string, set: KeySet, ...advice: string[]): string[] {
  writeKeySet(file, set);
  return [...list(set), '', ...advice];
}

function list(set: KeySet): string[] {
  return set.keys.map((key) => `${key.kid}  ${key.alg}  ${STATES[stateOf(key, set)]}`);
}
