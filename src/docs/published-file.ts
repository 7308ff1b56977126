import { createHash } from 'node:crypto';

/** A document that is the same for everybody until the next version of the service. */
export interface PublishedFile {
  readonly body: string | Buffer;
  readonly mediaType: string;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the client's `Accept` chose it. */
  readonly negotiated?: boolean;
}

/** The ETag is of the content, hence the same on every instance. */
export function publish(
  mediaType: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): PublishedFile {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  return { body, mediaType, etag: `"${hash}"`, headers };
}
