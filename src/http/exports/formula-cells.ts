/** What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection). */
const FORMULA = '[=+\\-@\\t\\r\\n＝＋－＠]';
const LOOKS_LIKE_FORMULA = new RegExp(`^'*${FORMULA}`);
const DEFUSED = new RegExp(`^'+${FORMULA}`);

/**
 * A cell that no spreadsheet runs: what begins as a formula gets an apostrophe in front, which makes it text. What
 * begins with apostrophes and then a formula gets one more, so that `restore` knows which one to take away.
 */
export function defuse(cell: string): string {
  return LOOKS_LIKE_FORMULA.test(cell) ? `'${cell}` : cell;
}

/** The text that `defuse` was given. */
export function restore(cell: string): string {
  return DEFUSED.test(cell) ? cell.slice(1) : cell;
}
