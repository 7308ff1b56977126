import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { invalid } from '../problems/problem.js';
import type { Precondition } from './precondition.js';

const ENTITY_TAGS = /^\s*(W\/)?"[\x21\x23-\x7e\x80-\xff]*"(\s*,\s*(W\/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*$/;

/** The strong validator of a resource: its row's version (RFC 9110, 8.8.3). */
export function etagOf(version: number): string {
  return `"v${version}"`;
}

/** `If-None-Match` compares weakly, and may hold a list or `*` (RFC 9110, 13.1.2). */
export function matchesEtag(header: string, etag: string): boolean {
  return header.trim() === '*' || tagsOf(header).some((tag) => tag.replace(/^W\//, '') === etag);
}

/** `If-Match` compares strongly: a weak tag matches nothing (RFC 9110, 13.1.1). */
export function parseIfMatch(header: string | undefined): Precondition {
  if (header === undefined || header.trim() === '*') return 'any';
  if (!ENTITY_TAGS.test(header)) {
    throw invalid([
      { header: 'If-Match', code: 'format', message: 'If-Match must be * or a list of quoted ETags' },
    ]);
  }
  return tagsOf(header)
    .flatMap((tag) => /^"v(\d{1,9})"$/.exec(tag)?.[1] ?? [])
    .map(Number);
}

const IfMatchHeader = createParamDecorator((_: unknown, context: ExecutionContext) =>
  parseIfMatch(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
);

/** The handler's `If-Match`, for the WHERE of the write. */
export function IfMatch(): ParameterDecorator {
  return (target, key, index) => {
    IfMatchHeader()(target, key, index);
    const method = Object.getOwnPropertyDescriptor(target, key as string) as PropertyDescriptor;
    ApiHeader({ name: 'If-Match' })(target, key as string, method);
  };
}

function tagsOf(header: string): string[] {
  return header.match(/(W\/)?"[^"]*"/g) ?? [];
}
