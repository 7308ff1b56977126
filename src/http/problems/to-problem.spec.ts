import { BadRequestException, HttpException, NotFoundException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { ConstraintProblem } from './constraint-problem.decorator.js';
import { PROBLEM_CODES, PROBLEMS } from './problem-catalogue.js';
import { invalid, Problem, problemBody } from './problem.js';
import { toProblem } from './to-problem.js';

const coded = (code: string, message = 'secret of the machine') =>
  Object.assign(new Error(message), { code });
@ConstraintProblem('things_sku_key', 'duplicate_sku')
class Thing {}

const failedQuery = (code: string, more: object = {}) =>
  new QueryFailedError('SELECT secret', [], Object.assign(coded(code), more));

describe('toProblem', () => {
  it('keeps a problem as it is', () => {
    const problem = new Problem('duplicate_sku');
    expect(toProblem(problem)).toBe(problem);
  });

  it.each([
    [new NotFoundException(), 'not_found'],
    [new BadRequestException(), 'malformed_request'],
    [new HttpException('teapot', 418), 'internal_error'],
    [coded('FST_ERR_CTP_BODY_TOO_LARGE'), 'payload_too_large'],
    [coded('FST_ERR_CTP_INVALID_MEDIA_TYPE'), 'unsupported_media_type'],
    [coded('FST_ERR_CTP_INVALID_CONTENT_LENGTH'), 'malformed_request'],
    [coded('FST_ERR_BAD_URL'), 'malformed_request'],
    [coded('FST_ERR_MAX_PARAM_LENGTH'), 'not_found'],
    [failedQuery('23505', { constraint: 'things_sku_key' }), 'duplicate_sku'],
    [failedQuery('23505', { constraint: 'unheard_of' }), 'conflict'],
    [failedQuery('57014'), 'overloaded'],
    [failedQuery('40P01'), 'overloaded'],
    [failedQuery('55P03'), 'overloaded'],
    [failedQuery('53300'), 'overloaded'],
    [failedQuery('57P01'), 'unavailable'],
    [failedQuery('08006'), 'unavailable'],
    [failedQuery('25006'), 'unavailable'],
    [coded('55000'), 'unavailable'],
    [coded('28P01'), 'unavailable'],
    [coded('3D000'), 'unavailable'],
    [coded('57P03'), 'unavailable'],
    [coded('53200'), 'overloaded'],
    [coded('ECONNREFUSED'), 'unavailable'],
    [coded('ENOTFOUND'), 'unavailable'],
    [new Error('Connection terminated unexpectedly'), 'unavailable'],
    [new Error('timeout exceeded when trying to connect'), 'unavailable'],
    [failedQuery('42703'), 'internal_error'],
    [failedQuery('23514'), 'internal_error'],
    [new TypeError('x is not a function'), 'internal_error'],
    ['a thrown text', 'internal_error'],
    [undefined, 'internal_error'],
    [null, 'internal_error'],
    [42, 'internal_error'],
    [{ code: 'whatever' }, 'internal_error'],
  ])('takes %s for %s', (error, code) => {
    const problem = toProblem(error);
    expect(problem.code).toBe(code);
    expect(problem.cause).toBe(error);
    expect(problem.message).toBe(PROBLEMS[problem.code].meaning);
  });

  it('tells clients to come back when the database is away', () => {
    expect(toProblem(coded('ECONNREFUSED')).headers).toEqual({ 'Retry-After': '5' });
  });
});

describe('problemBody', () => {
  const request = { path: '/v1/products', traceId: 'f'.repeat(32), publicUrl: 'https://api.example.com' };

  it('is the body of RFC 9457 with the members of the contract', () => {
    const body = problemBody(invalid([{ pointer: '/price', code: 'min', message: 'too low' }]), request);
    expect(body).toEqual({
      type: 'https://api.example.com/docs/errors#validation_failed',
      title: 'Validation failed',
      status: 422,
      detail: '1 value is invalid.',
      instance: '/v1/products',
      code: 'validation_failed',
      errors: [{ pointer: '/price', code: 'min', message: 'too low' }],
      trace_id: 'f'.repeat(32),
    });
  });

  it.each(PROBLEM_CODES)('has for %s a title, a meaning and a remedy for people', (code) => {
    const body = problemBody(new Problem(code), request);
    expect(body).toMatchObject({ code, status: PROBLEMS[code].status, title: PROBLEMS[code].title });
    expect(body.detail.length).toBeGreaterThan(10);
    expect(PROBLEMS[code].remedy.length).toBeGreaterThan(10);
    expect(body).not.toHaveProperty('errors');
  });
});

describe('ConstraintProblem', () => {
  it('names conflicts only', () => {
    expect(() => {
      ConstraintProblem('things_name_key', 'not_found')(Thing);
    }).toThrow('not_found is no conflict, which things_name_key finds');
  });
});
