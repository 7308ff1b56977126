import { v7 as uuidv7 } from 'uuid';
import type { NewProduct } from './products.repository.js';

export type GeneratedProduct = NewProduct & { createdAt: Date };

const KINDS = (
  'hammer kettle notebook charger tent blanket glove shelf drill pan stapler cable backpack towel helmet crate ' +
  'screwdriver knife binder lamp hammock pillow jacket bin'
).split(' ');
const QUALITIES = (
  'Compact Heavy Light Folding Insulated Galvanised Wooden Steel Ceramic Cotton Padded Waterproof Magnetic ' +
  'Adjustable Stackable Reusable'
).split(' ');
const PLACES = ['workshop', 'kitchen', 'office', 'camp site', 'bedroom', 'building site', 'cellar', 'garden'];

const FIRST = Date.UTC(2026, 0, 1);
const APART_MS = 10_000;

/**
 * Product number `index` of the catalogue that belongs to the seed: always the same one. Common and rare words, one in ten
 * without a description, most prices in US dollars, one in twenty out of stock.
 */
export function generatedProduct(seed: number, index: number): GeneratedProduct {
  const draw = numbersOf(seed, index);
  const oneOf = (words: readonly string[]) => words[draw(words.length)] ?? '';
  const kind = oneOf(KINDS);
  const msecs = FIRST + index * APART_MS;
  return {
    id: uuidv7({ msecs, random: Uint8Array.from({ length: 16 }, () => draw(256)), seq: draw(2 ** 31) }),
    sku: `GEN-${seed}-${String(index + 1).padStart(8, '0')}`,
    name: `${oneOf(QUALITIES)} ${kind} ${draw(97) + 1} cm`,
    description:
      draw(10) === 0 ? null : `A ${kind} for the ${oneOf(PLACES)}, batch ${Math.floor(index / 1000) + 1}.`,
    price: ((draw(1_000_000) + 99) / 100).toFixed(2),
    currency: draw(1000) === 0 ? 'JPY' : draw(10) === 0 ? 'EUR' : 'USD',
    inStock: draw(20) !== 0,
    createdAt: new Date(msecs),
  };
}

/** Numbers below a bound that follow from the seed and the index alone (splitmix32). */
function numbersOf(seed: number, index: number): (bound: number) => number {
  let state = mixed(Math.imul(seed + 1, 0x9e3779b9) ^ mixed(index + 1));
  return (bound) => {
    state = (state + 0x9e3779b9) | 0;
    return (mixed(state) >>> 0) % bound;
  };
}

function mixed(value: number): number {
  const first = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  const second = Math.imul(first ^ (first >>> 15), 0x735a2d97);
  return second ^ (second >>> 15);
}
