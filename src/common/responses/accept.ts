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

function qualityOf(accept: string, type: string): number {
  const ranges = accept.split(',').map(parseRange);
  const names = [type, type.replace(/\/.*/, '/*'), '*/*'];
  const range = names.flatMap((name) => ranges.find((candidate) => candidate.name === name) ?? [])[0];
  return range?.quality ?? 0;
}

function parseRange(text: string): { name: string; quality: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return { name, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
}
