import { createHash, randomBytes } from 'node:crypto';

export const RECOVERY_CODES = 10;

/** Crockford's base32: no letter looks like a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 16;

/** Codes such as `k3f9-x7m2-p8qw-z4tn`, of 80 random bits each. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, newCode);
}

function newCode(): string {
  const letters = Array.from(randomBytes(LENGTH), (byte) => ALPHABET.charAt(byte % ALPHABET.length));
  return letters.join('').replace(/.{4}(?=.)/g, '$&-');
}

/** Nobody can guess 80 bits, so a plain hash is enough; the user in it lets no one try all users' codes at once. */
export function hashRecoveryCode(userId: string, code: string): Buffer {
  return createHash('sha256')
    .update(`${userId}:${canonical(code)}`)
    .digest();
}

/** As it was made, however it was typed: on paper, o is 0, and i and l are 1. */
function canonical(code: string): string {
  const letters = code.toLowerCase().replace(/[\s-]/g, '');
  return letters.replaceAll('o', '0').replace(/[il]/g, '1');
}
