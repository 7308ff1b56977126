/**
 * Whether a client that sent this `Accept` header takes JSON (RFC 9110, 12.5.1): the most specific range that covers
 * application/json decides, and `q=0` refuses it.
 */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return true;
  return accept.trim() === '' || qualityOf(accept, 'application/json') > 0;
}

/** Whether a client would rather have a page for people: a browser does, a program that takes anything does not. */
export function prefersHtml(accept = '*/*'): boolean {
  return qualityOf(accept, 'text/html') > qualityOf(accept, 'application/json');
}

/** The one of these media types that the client likes best, the earlier one in a tie; undefined if it takes none. */
export function preferredType<Type extends string>(accept: string, types: readonly Type[]): Type | undefined {
  return best(types.map((type) => ({ name: type, quality: qualityOf(accept, type) })));
}

/**
 * The one of these content codings that the client likes best (RFC 9110, 12.5.3), the earlier one in a tie; undefined if
 * it takes none. `identity`, no coding at all, is what everybody takes who does not refuse it.
 */
export function preferredCoding<Coding extends string>(
  acceptEncoding: string,
  codings: readonly Coding[],
): Coding | undefined {
  const listed = parseList(acceptEncoding);
  const unlisted = (coding: string) => (coding === 'identity' ? LEAST_QUALITY : 0);
  return best(
    codings.map((name) => ({ name, quality: firstOf(listed, [name, '*'])?.quality ?? unlisted(name) })),
  );
}

/** Less than any quality that a client can name. */
const LEAST_QUALITY = 0.0001;

interface Weighted<Name extends string = string> {
  name: Name;
  quality: number;
}

function best<Name extends string>(choices: readonly Weighted<Name>[]): Name | undefined {
  const taken = choices.filter(({ quality }) => quality > 0);
  const most = Math.max(...taken.map(({ quality }) => quality));
  return taken.find(({ quality }) => quality === most)?.name;
}

function qualityOf(accept: string, type: string): number {
  const names = [type, type.replace(/\/.*/, '/*'), '*/*'];
  return firstOf(parseList(accept), names)?.quality ?? 0;
}

/** What is listed under the first of these names that is listed at all. */
function firstOf(listed: readonly Weighted[], names: readonly string[]): Weighted | undefined {
  return names.flatMap((name) => listed.find((candidate) => candidate.name === name) ?? [])[0];
}

function parseList(header: string): Weighted[] {
  return header.split(',').map(parseWeighted);
}

function parseWeighted(text: string): Weighted {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return { name, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
}
