import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureDevelopmentKeys, KeyFileError, readKeySet, readSigningKeys, writeKeySet } from './key-file.js';
import { generateKey, generateKeySet } from './signing-keys.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-key-file-'));
  file = join(folder, 'keys.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('writeKeySet', () => {
  it('makes a file for its owner only', () => {
    writeKeySet(file, generateKeySet());
    expect(modeOf(file)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('keeps the mode, and leaves nothing beside it', () => {
    writeFileSync(file, '');
    chmodSync(file, 0o640);
    writeKeySet(file, generateKeySet());
    expect(modeOf(file)).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it.skipIf(process.getuid?.() !== 0)('keeps the owner', () => {
    writeFileSync(file, '');
    chownSync(file, 12_345, 54_321);
    writeKeySet(file, generateKeySet());
    expect(statSync(file)).toMatchObject({ uid: 12_345, gid: 54_321 });
  });

  it('puts another file in place of the old one, which whoever has it open reads to its end', () => {
    writeKeySet(file, generateKeySet());
    const { ino } = statSync(file);
    writeKeySet(file, generateKeySet());
    expect(statSync(file).ino).not.toBe(ino);
  });

  it('follows a link', () => {
    writeKeySet(file, generateKeySet());
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    const set = generateKeySet();
    writeKeySet(link, set);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readKeySet(file)).toEqual(set);
  });

  it('says why it could not', () => {
    const nowhere = join(folder, 'nowhere/keys.json');
    expect(() => writeKeySet(nowhere, generateKeySet())).toThrow(
      new KeyFileError(`${nowhere} cannot be written (ENOENT)`),
    );
  });
});

describe('readKeySet', () => {
  it('reads what was written, also what it does not know', () => {
    const set = { comment: 'x', development: true, keys: [{ ...generateKey('RS256'), owner: 'me' }] };
    writeKeySet(file, set);
    expect(readKeySet(file)).toEqual(set);
  });

  it('refuses in one line what is no key set, and repeats nothing of it', () => {
    const key = generateKey('ES256');
    const { d } = key;
    for (const content of [
      `${d} is no JSON`,
      `{"keys": ["${d}"]}`,
      JSON.stringify({ keys: [{ ...key, d: [d] }] }),
      JSON.stringify({ keys: [{ ...key, alg: d }] }),
      JSON.stringify({ keys: [{ ...key, x: d.slice(1) }] }),
      JSON.stringify({ keys: [key, key] }),
      JSON.stringify({ keys: [{ ...key, next: d }] }),
      JSON.stringify({ keys: [{ ...key, retired: true }] }),
      JSON.stringify({ keys: [{ ...key, kid: d.repeat(4) }] }),
    ]) {
      writeFileSync(file, content);
      expect(() => readKeySet(file)).toThrow(KeyFileError);
      expect(() => readKeySet(file)).not.toThrow(d.slice(1));
      expect(() => readKeySet(file)).not.toThrow('\n');
    }
  });
});

describe('readSigningKeys', () => {
  it('tells what verifies from what is retired', () => {
    const [signs, next, old] = [generateKey('ES256'), generateKey('RS256'), generateKey('ES256')];
    writeKeySet(file, { keys: [signs, { ...old, retired: true }, { ...next, next: true }] });
    const { keys, retiredKeys } = readSigningKeys(file, { production: true });
    expect(keys.map(({ kid }) => kid)).toEqual([signs.kid, next.kid]);
    expect(retiredKeys.map(({ kid }) => kid)).toEqual([old.kid]);
  });
});

it('ensureDevelopmentKeys makes them once, for their owner only', () => {
  const made = join(folder, 'data/jwt-keys.json');
  ensureDevelopmentKeys(made);
  const text = readFileSync(made, 'utf8');
  ensureDevelopmentKeys(made);
  expect(readFileSync(made, 'utf8')).toBe(text);
  expect(modeOf(made)).toBe(0o600);
  expect(() => readSigningKeys(made, { production: true })).toThrow('generated for development');
});
