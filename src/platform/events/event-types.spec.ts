import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, RESOURCE_TYPES } from './event-types.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/events.md'), 'utf8');

describe('the catalogue of events', () => {
  it('is documented in docs/events.md: each type has its line there, but for what happens to every resource', () => {
    const documented = [...PAGE.matchAll(/^\| `(\w+\.\w+)` /gm)].map(([, type]) => type);
    const missing = EVENT_TYPES.filter((type) => !documented.includes(type));
    expect(missing.filter((type) => !/\.(created|updated|deleted)$/.test(type))).toEqual([]);
    expect(documented.filter((type) => !(EVENT_TYPES as readonly unknown[]).includes(type))).toEqual([]);
  });

  it('names what something happened to, and what happened', () => {
    for (const type of EVENT_TYPES) expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/);
    expect(RESOURCE_TYPES).toContain('product');
    expect(new Set(RESOURCE_TYPES).size).toBe(RESOURCE_TYPES.length);
  });
});
