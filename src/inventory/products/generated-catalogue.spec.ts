import { describe, expect, it } from 'vitest';
import { generatedProduct } from './generated-catalogue.js';

const many = Array.from({ length: 5000 }, (_, index) => generatedProduct(7, index));

describe('generatedProduct', () => {
  it('is always the same for a seed and a number, and another one for others', () => {
    expect(generatedProduct(7, 123)).toEqual(generatedProduct(7, 123));
    expect(generatedProduct(8, 123)).not.toEqual(generatedProduct(7, 123));
    expect(generatedProduct(7, 0)).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{14}7[0-9a-f-]{21}$/) as string,
      sku: 'GEN-7-00000001',
      name: expect.stringMatching(/^[A-Z][a-z]+ [a-z]+ \d+ cm$/) as string,
      description: expect.toSatisfy((text: unknown) => text === null || typeof text === 'string') as string,
      price: expect.stringMatching(/^\d+\.\d\d$/) as string,
      currency: expect.stringMatching(/^(USD|EUR|JPY)$/) as string,
      inStock: expect.any(Boolean) as boolean,
      createdAt: new Date('2026-01-01T00:00:00.000Z'),
    });
  });

  it('has ids that sort as the products were made, none twice', () => {
    const ids = many.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });

  it('is as mixed as a catalogue is', () => {
    const share = (is: (product: (typeof many)[number]) => boolean) => many.filter(is).length / many.length;
    expect(share(({ inStock }) => !inStock)).toBeCloseTo(0.05, 1);
    expect(share(({ description }) => description === null)).toBeCloseTo(0.1, 1);
    expect(share(({ currency }) => currency === 'USD')).toBeGreaterThan(0.8);
    expect(share(({ name }) => name.includes('hammer '))).toBeCloseTo(1 / 24, 1);
    expect(Math.min(...many.map(({ price }) => Number(price)))).toBeGreaterThan(0);
  });
});
