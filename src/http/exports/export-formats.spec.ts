import { describe, expect, it } from 'vitest';
import { EXPORT_FORMATS, exportFormatFor } from './export-formats.js';

describe('exportFormatFor', () => {
  it.each([
    undefined,
    '',
    ' ',
    '*/*',
    'application/json',
    'application/*',
    'text/csv, */*',
    'text/html',
    'text/csv;q=0',
  ])('leaves %j to pages, or to a refusal', (accept) => expect(exportFormatFor(accept)).toBeUndefined());

  it.each([
    ['text/csv', 'text/csv'],
    ['text/*', 'text/csv'],
    ['application/x-ndjson', 'application/x-ndjson'],
    ['application/json;q=0.5, application/x-ndjson', 'application/x-ndjson'],
    ['text/html, text/csv;q=0.1', 'text/csv'],
  ])('finds what %j asks for', (accept, mediaType) =>
    expect(exportFormatFor(accept)?.mediaType).toBe(mediaType),
  );
});

describe('a format', () => {
  const row = { id: 'a', note: null, name: 'x, y' };
  const columns = ['id', 'name', 'note'];

  it.each([
    ['text/csv', 'id,name,note\r\n', 'a,"x, y",\r\n'],
    ['application/x-ndjson', '', '{"id":"a","note":null,"name":"x, y"}\n'],
  ])('%s writes its beginning and its lines', (mediaType, head, line) => {
    const format = EXPORT_FORMATS.find((candidate) => candidate.mediaType === mediaType);
    expect(format?.begin(columns)).toBe(head);
    expect(format?.line(row, columns)).toBe(line);
  });
});
