import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, RESOURCE_TYPES } from './event-types.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/events.md'), 'utf8');

describe('the catalogue of events', () => {
  it('is documented: each type has its line in docs/events.md, and there are no others', () => {
    const documented = [...PAGE.matchAll(/^\| `(\w+\.\w+)` /gm)].map(([, type]) => type);
    expect(documented.toSorted()).toEqual(EVENT_TYPES.toSorted());
  });

  it('names what something happened to, and what happened', () => {
    for (const type of EVENT_TYPES) expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/);
    expect(RESOURCE_TYPES).toContain('product');
    expect(new Set(RESOURCE_TYPES).size).toBe(RESOURCE_TYPES.length);
  });
});
