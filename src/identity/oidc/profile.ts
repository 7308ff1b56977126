import { isEmail } from 'class-validator';
import { Problem } from '../../http/problems/problem.js';

/** What an account is made of. */
export interface Profile {
  readonly email: string;
  readonly fullName: string;
}

const NAME = { min: 2, max: 100 };

/**
 * Reads the standard claims (OpenID Connect Core, 5.1), whatever a provider has put there.
 * @throws Problem `email_not_verified`: anybody may give a provider an address that is not theirs
 */
export function profileOf(claims: Readonly<Record<string, unknown>>): Profile {
  const { email, email_verified: isVerified } = claims;
  if (isVerified !== true || typeof email !== 'string' || email.length > 254 || !isEmail(email)) {
    throw new Problem(
      'email_not_verified',
      'The identity provider did not confirm a verified e-mail address. Verify it there, then sign in again.',
    );
  }
  return { email, fullName: nameOf(claims, email) };
}

/** The best name that there is, of a length that an account may have; an e-mail address always has one. */
function nameOf(claims: Readonly<Record<string, unknown>>, email: string): string {
  const parts = [clean(claims['given_name']), clean(claims['family_name'])].filter((part) => part !== '');
  const names = [
    clean(claims['name']),
    parts.join(' '),
    clean(claims['nickname']),
    clean(claims['preferred_username']),
    clean(email.split('@', 1)[0]),
  ];
  const name = names.find((candidate) => [...candidate].length >= NAME.min) ?? email;
  return [...name].slice(0, NAME.max).join('').trim();
}

/** On one line, and nothing in it that a database refuses. */
function clean(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value
    .slice(0, 1000)
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
}
