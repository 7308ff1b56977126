import { Transform } from 'class-transformer';

/*
 * Query parameters arrive as text. Each of these turns exactly the documented spelling into a value and leaves anything
 * else as it came, for the validator beside it to refuse: `?limit=1e1`, `?in_stock=0` and a repeated parameter are errors.
 */

const fromText = (convert: (text: string) => unknown) =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? convert(value) : value));

/** `20`: decimal digits only. */
export const FromInteger = () => fromText((text) => (/^\d{1,9}$/.test(text) ? Number(text) : text));

/** `12.5`: a decimal number without sign or exponent. */
export const FromDecimal = () =>
  fromText((text) => (/^\d{1,12}(\.\d{1,12})?$/.test(text) ? Number(text) : text));

/** `true` or `false`. */
export const FromBoolean = () =>
  fromText((text) => (text === 'true' ? true : text === 'false' ? false : text));
