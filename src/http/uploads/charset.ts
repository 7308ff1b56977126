const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;

/** The charset that a Content-Type names, `utf-8` if it names none. */
export function charsetOf(contentType: string): string {
  const charset = CHARSET.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
  return charset === 'utf8' ? 'utf-8' : charset;
}
