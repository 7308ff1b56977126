import { parseArgs } from 'node:util';
import { generate, next, promote, retire, rotate, show } from './key-commands.js';
import { KeyFileError } from './key-file.js';
import { SIGNING_ALGORITHMS } from './signing-keys.js';
import type { SigningAlgorithm } from './signing-keys.js';

const USAGE = `Usage: npm run --silent keys -- <command> [FILE] [--algorithm ES256|RS256]
       node dist/config/keys.js <command> [FILE] ...    (in a container)

  generate [FILE]  prints a new key set, or writes it to FILE if there is none yet
  next FILE        adds the next key: it is published and verifies, but does not sign yet
  promote FILE     lets the newest key sign; the one before still verifies
  retire FILE      takes the keys that no longer sign out of use; they stay in the file
  rotate FILE      takes the step of a rotation that is due: next, promote or retire
  show FILE        lists the keys, without their private parts

Examples:
  npm run --silent keys -- generate keys.json
  npm run --silent keys -- next keys.json
  npm run --silent keys -- next keys.json --algorithm RS256

A rotation is next, promote, retire; each says what to do before the following one. More: docs/keys.md
`;

/** A command that is not understood ends with 2, one that cannot be carried out with 1. */
class UsageError extends Error {}

type Command = (file: string, algorithm?: SigningAlgorithm) => string[];

const COMMANDS = new Map<string, Command>([
  ['generate', generate],
  ['next', next],
  ['promote', promote],
  ['retire', retire],
  ['rotate', rotate],
  ['show', show],
]);

const MAKE_KEYS = ['generate', 'next'];

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
