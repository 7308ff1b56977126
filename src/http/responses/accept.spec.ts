import { describe, expect, it } from 'vitest';
import { acceptsJson, preferredCoding, preferredType, prefersHtml } from './accept.js';

describe('acceptsJson', () => {
  it.each([
    undefined,
    '',
    '*/*',
    'application/*',
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'text/html, application/json;q=0.1',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'text/csv;q=0, */*',
  ])('takes JSON for %s', (accept) => expect(acceptsJson(accept)).toBe(true));

  it.each([
    'text/html',
    'text/*',
    'application/xml, text/csv',
    'application/json;q=0',
    'application/json;q=0.0, */*',
    'application/*;q=0, */*;q=1',
    'application/problem+json',
    'json',
  ])('does not take JSON for %s', (accept) => expect(acceptsJson(accept)).toBe(false));
});

describe('prefersHtml', () => {
  it.each(['text/html', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'])(
    '%s: yes',
    (accept) => expect(prefersHtml(accept)).toBe(true),
  );
  it.each([undefined, '', '*/*', 'application/json, text/html', 'text/html;q=0.5, */*', 'image/png'])(
    '%s: no',
    (accept) => expect(prefersHtml(accept)).toBe(false),
  );
});

describe('preferredType', () => {
  const TYPES = ['application/json', 'text/csv', 'application/x-ndjson'] as const;

  it.each([
    ['text/csv', 'text/csv'],
    ['text/*', 'text/csv'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['text/csv, application/json', 'application/json'],
    ['text/csv, application/json;q=0.9', 'text/csv'],
    ['application/json;q=0.8, text/csv;q=0.9, application/x-ndjson;q=1.0', 'application/x-ndjson'],
    ['*/*;q=0.1, text/csv;q=0.2', 'text/csv'],
    ['*/*, application/json;q=0.5', 'text/csv'],
    ['application/*;q=0.5, application/x-ndjson', 'application/x-ndjson'],
    ['Text/CSV;charset=utf-8;q=1', 'text/csv'],
    ['text/csv;q=0, */*', 'application/json'],
    ['application/json;q=0, */*', 'text/csv'],
    ['text/html', undefined],
    ['text/csv;q=0', undefined],
    ['text/csv;q=much', undefined],
    ['', undefined],
  ])('for %j is %s', (accept, type) => expect(preferredType(accept, TYPES)).toBe(type));
});

describe('preferredCoding', () => {
  const CODINGS = ['br', 'gzip', 'identity'] as const;

  it.each([
    ['', 'identity'],
    ['identity', 'identity'],
    ['deflate', 'identity'],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, br;q=0.9', 'gzip'],
    ['gzip;q=0.001', 'gzip'],
    ['gzip;q=0', 'identity'],
    ['identity, gzip;q=0.5', 'identity'],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['*;q=0.5, identity', 'identity'],
    ['identity;q=0, gzip', 'gzip'],
    ['*;q=0, gzip', 'gzip'],
    ['identity;q=0', undefined],
    ['*;q=0', undefined],
    ['*;q=0, identity;q=0, deflate', undefined],
  ])('for %j is %s', (header, coding) => expect(preferredCoding(header, CODINGS)).toBe(coding));
});
