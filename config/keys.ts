import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatKeySet, KeyFileError, readKeySet, writeKeySet } from './key-file.js';
import { addNextKey, promoteNextKey, retireKeys, stateOf } from './key-rotation.js';
import type { KeySet } from './key-rotation.js';
import { generateKey, generateKeySet, SIGNING_ALGORITHMS } from './signing-keys.js';
import type { SigningAlgorithm } from './signing-keys.js';

const USAGE = `Usage: npm run --silent keys -- <command> [FILE] [--algorithm ES256|RS256]
       node dist/config/keys.js <command> [FILE] ...    (in a container)

  generate [FILE]  prints a new key set, or writes it to FILE if there is none yet
  next FILE        adds the next key: it is published and verifies, but does not sign yet
  promote FILE     lets the newest key sign; the one before still verifies
  retire FILE      takes the keys that no longer sign out of use; they stay in the file
  show FILE        lists the keys, without their private parts

Examples:
  npm run --silent keys -- generate keys.json
  npm run --silent keys -- next keys.json
  npm run --silent keys -- next keys.json --algorithm RS256

A rotation is next, promote, retire; each says what to do before the following one. More: docs/keys.md
`;

/** A command that is not understood ends with 2, one that cannot be carried out with 1. */
class UsageError extends Error {}

/** @returns what there is to say, line by line */
type Command = (file: string, algorithm: SigningAlgorithm | undefined) => string[];

const COMMANDS = new Map<string, Command>([
  ['generate', generate],
  ['next', next],
  ['promote', promote],
  ['retire', retire],
  ['show', show],
]);

const MAKE_KEYS = ['generate', 'next'];

const STATES = { signs: 'signs', next: 'verifies, signs next', verifies: 'verifies', retired: 'retired' };

function generate(file: string, algorithm: SigningAlgorithm | undefined): string[] {
  const set = generateKeySet(algorithm);
  if (file === '') return [formatKeySet(set).trimEnd()];
  if (existsSync(file)) throw new KeyFileError(`${file} is there already; to add a key: next ${file}`);
  return save(file, set, 'Keep it secret, and give it to every instance as JWT_KEYS_FILE.');
}

function next(file: string, algorithm: SigningAlgorithm | undefined): string[] {
  const set = readKeySet(file);
  return save(
    file,
    addNextKey(set, generateKey(algorithm ?? set.keys[0]?.alg)),
    'Restart all instances, one after the other. Wait 5 minutes: others may remember the published keys that long.',
    `Then: promote ${file}`,
  );
}

function promote(file: string): string[] {
  const set = promoteNextKey(readKeySet(file));
  if (!set) throw new KeyFileError(`${file} has no next key; to add one: next ${file}`);
  return save(
    file,
    set,
    'Restart all instances, one after the other. Wait 15 minutes: access tokens of the old key live that long.',
    `Then: retire ${file}`,
  );
}

function retire(file: string): string[] {
  const set = retireKeys(readKeySet(file));
  if (!set) throw new KeyFileError(`${file} has no key to retire: each one signs, will sign or is retired`);
  return save(
    file,
    set,
    'Restart all instances, one after the other. Leave retired keys in the file: they open what they sealed.',
  );
}

function show(file: string): string[] {
  return list(readKeySet(file));
}

function save(file: string, set: KeySet, ...advice: string[]): string[] {
  writeKeySet(file, set);
  return [...list(set), '', ...advice];
}

function list(set: KeySet): string[] {
  return set.keys.map((key) => `${key.kid}  ${key.alg}  ${STATES[stateOf(key, set)]}`);
}

function main(args: string[]): string[] {
  const { positionals, values } = parse(args);
  const [name = '', file = '', ...rest] = positionals;
  if (values.help) return [USAGE.trimEnd()];
  const command = COMMANDS.get(name);
  if (!command) throw new UsageError(name === '' ? 'Which command?' : `There is no command "${name}".`);
  if (file === '' && name !== 'generate') throw new UsageError(`${name} needs the name of the key file.`);
  if (rest.length > 0) throw new UsageError(`${name} takes one file.`);
  const algorithm = SIGNING_ALGORITHMS.find((known) => known === values.algorithm);
  if (algorithm !== values.algorithm)
    throw new UsageError(`--algorithm must be ${SIGNING_ALGORITHMS.join(' or ')}.`);
  if (algorithm && !MAKE_KEYS.includes(name)) throw new UsageError(`${name} makes no key: no --algorithm.`);
  return command(file, algorithm);
}

function parse(args: string[]) {
  try {
    const options = { algorithm: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

try {
  process.stdout.write(`${main(process.argv.slice(2)).join('\n')}\n`);
} catch (error) {
  if (!(error instanceof UsageError || error instanceof KeyFileError)) throw error;
  const isUsage = error instanceof UsageError;
  process.stderr.write(`${error.message}\n${isUsage ? `\n${USAGE}` : ''}`);
  process.exitCode = isUsage ? 2 : 1;
}
