import { publish } from '../published-file.js';
import type { PublishedFile } from '../published-file.js';
import { html } from './html.js';
import type { Html } from './html.js';

/** What a page allows itself beyond nothing; all of it comes from this server. */
type Policy = Readonly<Record<string, string>>;

export interface Page {
  readonly title: string;
  /** From where the page is to the root of the service, which may lie below a path of a proxy. */
  readonly root: string;
  readonly head?: Html;
  readonly body: Html;
  readonly policy?: Policy;
}

const PLAIN: Policy = {
  'default-src': "'none'",
  'style-src': "'self'",
  'img-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

export function publishPage({ title, root, head, body, policy }: Page): PublishedFile {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} - Stockroom API</title>
        <link rel="icon" href="${root}docs/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${root}docs/assets/docs.css" />
        ${head ?? ''}
      </head>
      <body>
        <header class="bar">
          <a class="name" href="${root || './'}">Stockroom API</a>
          <nav aria-label="Documentation">
            <a href="${root}docs">Swagger UI</a> <a href="${root}redoc">Redoc</a>
            <a href="${root}docs/errors">Errors</a> <a href="${root}openapi.json">openapi.json</a>
          </nav>
        </header>
        ${body}
      </body>
    </html> `;
  const directives = Object.entries({ ...PLAIN, ...policy }).map(([name, value]) => `${name} ${value}`);
  return publish('text/html; charset=utf-8', page.text, { 'content-security-policy': directives.join('; ') });
}
