/** Shorter words are near to too many others. */
const SHORTEST = 4;
const LONG = 8;
const MOST_SIMILAR = 20;

/** What the text search takes away from the right word, but not from one with a slip in it. */
const ENDINGS =
  'e es s y ed er ers ing ings ate ated ation ations ion ions able ible al ic ical ive ity ment ness ous ful ly';
const WITH_ENDINGS = ['', ...ENDINGS.split(' ')];
const SHORTEST_STEM = 5;

/** Numbers, and codes with numbers in them, are no typos of others: they are others. */
export function mayBeTypo(word: string): boolean {
  return [...word].length >= SHORTEST && !/\d/.test(word);
}

/** Which of these stems of words somebody may well have meant who typed this one: by one slip, or two in a long word. */
export function meantBy(typed: string, stems: readonly string[]): string[] {
  const isKnown = stems.includes(typed);
  const isMeant = (stem: string) =>
    isKnown || stem.length < SHORTEST_STEM
      ? isTypoOf(stem, typed)
      : WITH_ENDINGS.some((ending) => isTypoOf(stem + ending, typed));
  return stems.filter((stem) => stem !== typed && isMeant(stem)).slice(0, MOST_SIMILAR);
}

function isTypoOf(meant: string, typed: string): boolean {
  const [a, b] = [[...typed], [...meant]];
  const most = a.length < LONG ? 1 : 2;
  return Math.abs(a.length - b.length) <= most && slipsBetween(a, b) <= most;
}

/**
 * How many letters have to be added, left out, replaced or swapped with their neighbour to make one word of the other
 * (optimal string alignment).
 */
function slipsBetween(a: readonly string[], b: readonly string[]): number {
  let beforeLast: number[] = [];
  let last = [0, ...b.map((_, index) => index + 1)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const areSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = areSwapped ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(replaced, swapped, at(last, j) + 1, at(row, j - 1) + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
