import { describe, expect, it } from 'vitest';
import { profileOf } from './profile.js';

const VERIFIED = { email: 'ann@example.com', email_verified: true };
const nameFrom = (claims: Record<string, unknown>) => profileOf({ ...VERIFIED, ...claims }).fullName;

describe('profileOf', () => {
  it.each([
    ['nothing', {}],
    ['no word about it', { email: 'ann@example.com' }],
    ['false', { ...VERIFIED, email_verified: false }],
    ['the text true', { ...VERIFIED, email_verified: 'true' }],
    ['1', { ...VERIFIED, email_verified: 1 }],
    ['no address', { email_verified: true }],
    ['several', { ...VERIFIED, email: ['ann@example.com', 'bob@example.com'] }],
    ['what is none', { ...VERIFIED, email: 'ann' }],
    ['one with a NUL', { ...VERIFIED, email: 'ann\u0000@example.com' }],
    ['one with a line break', { ...VERIFIED, email: 'ann@example.com\nbob@example.com' }],
    ['one that is too long', { ...VERIFIED, email: `ann@${'example.'.repeat(40)}com` }],
  ])('wants a verified address: %s is refused', (_, claims) => {
    expect(() => profileOf(claims)).toThrow(expect.objectContaining({ code: 'email_not_verified' }));
  });

  it.each([
    [{ name: 'Ann Example', given_name: 'Other' }, 'Ann Example'],
    [{ name: '  Ann \n\t Example\u0000 ' }, 'Ann Example'],
    [{ name: 'A', given_name: 'Ann', family_name: 'Example' }, 'Ann Example'],
    [{ name: '', family_name: 'Example' }, 'Example'],
    [{ name: { first: 'Ann' }, nickname: 'annie' }, 'annie'],
    [{ preferred_username: 'ann_e' }, 'ann_e'],
    [{}, 'ann'],
    [{ email: 'a@example.com' }, 'a@example.com'],
    [{ name: '😀'.repeat(101) }, '😀'.repeat(100)],
    [{ name: `Ann\ud800` }, 'Ann\ufffd'],
  ])('finds a name in %j', (claims, expected) => {
    expect(nameFrom(claims)).toBe(expected);
  });
});
