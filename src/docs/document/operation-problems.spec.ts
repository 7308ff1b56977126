import { describe, expect, it } from 'vitest';
import { problemsOf } from './operation-problems.js';
import type { Operation } from './types.js';

const ALWAYS = [
  'malformed_request',
  'validation_failed',
  'rate_limited',
  'internal_error',
  'unavailable',
  'overloaded',
];

const extra = (operation: Partial<Operation>) =>
  problemsOf({ responses: {}, ...operation }).filter((code) => !ALWAYS.includes(code));

describe('problemsOf', () => {
  it('knows what any operation answers', () => expect(problemsOf({ responses: {} })).toEqual(ALWAYS));

  it('derives from a body', () =>
    expect(extra({ requestBody: { content: {} } })).toEqual(['payload_too_large', 'unsupported_media_type']));

  it('derives from ids and If-Match', () => {
    expect(extra({ parameters: [{ name: 'id', in: 'path' }] })).toEqual(['not_found']);
    expect(extra({ parameters: [{ name: 'If-Match', in: 'header' }] })).toEqual(['precondition_failed']);
  });

  it('adds the named ones, and takes their marks out of the operation', () => {
    const operation: Operation = Object.assign({ responses: {} }, { 'x-problem-duplicate_sku': true });
    expect(problemsOf(operation)).toContain('duplicate_sku');
    expect(operation).toEqual({ responses: {} });
  });
});
