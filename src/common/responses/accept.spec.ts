import { describe, expect, it } from 'vitest';
import { acceptsJson, prefersHtml } from './accept.js';

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
