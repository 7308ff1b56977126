import { describe, expect, it } from 'vitest';
import { currentContext, requestIdOf, traceIdOf } from './request-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const requestId = (value: string) => requestIdOf({ headers: { 'x-request-id': value } });
const traceId = (traceparent: string) => traceIdOf({ headers: { traceparent } });

describe('requestIdOf', () => {
  it.each(['a', 'A-Z.0_9', 'x'.repeat(128)])('takes the sane id %s', (id) => expect(requestId(id)).toBe(id));

  it.each(['', 'x'.repeat(129), 'a b', 'a,b', 'ü', 'a\nb', '<script>', '../x'])('replaces %j', (id) => {
    expect(requestId(id)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('makes another one for each request', () => {
    expect(requestIdOf({ headers: {} })).not.toBe(requestIdOf({ headers: {} }));
  });
});

describe('traceIdOf', () => {
  it.each([
    `00-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-00`,
    `cc-${TRACE}-00f067aa0ba902b7-01-what-the-future-will-be-like`,
    `cc-${TRACE}-00f067aa0ba902b7-01`,
  ])('honours %s', (traceparent) => expect(traceId(traceparent)).toBe(TRACE));

  it.each([
    '',
    TRACE,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-01-more`,
    `cc-${TRACE}-00f067aa0ba902b7-01.more`,
    `00-${TRACE}-00f067aa0ba902b7`,
    `00-${TRACE}-00f067aa0ba902b7-01, 00-${TRACE}-00f067aa0ba902b7-01`,
  ])('makes a new one instead of %j', (traceparent) => {
    expect(traceId(traceparent)).toMatch(/^[0-9a-f]{32}$/);
    expect(traceId(traceparent)).not.toBe(TRACE);
  });
});

describe('currentContext', () => {
  it('is nothing outside of a request', () => expect(currentContext()).toBeUndefined());
});
