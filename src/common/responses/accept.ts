/**
 * Whether a client that sent this `Accept` header takes JSON (RFC 9110, 12.5.1): the most specific range that covers
 * application/json decides, and `q=0` refuses it.
 */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return true;
  const ranges = accept.split(',').map(parseRange);
  for (const name of ['application/json', 'application/*', '*/*']) {
    const range = ranges.find((candidate) => candidate.name === name);
    if (range) return range.quality > 0;
  }
  return accept.trim() === '';
}

function parseRange(text: string): { name: string; quality: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return { name, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
}
