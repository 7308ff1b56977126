import packageJson from '../../../package.json' with { type: 'json' };
import { publish } from '../published-file.js';
import type { PublishedFile } from '../published-file.js';
import { html } from './html.js';
import { publishPage } from './layout.js';

const LINKS = {
  swagger_ui: { path: '/docs', about: 'Read about each operation and try it out.' },
  redoc: { path: '/redoc', about: 'The same, for reading.' },
  errors: { path: '/docs/errors', about: 'What each error means, and how to fix it.' },
  openapi_json: { path: '/openapi.json', about: 'The OpenAPI document, for tools.' },
  openapi_yaml: { path: '/openapi.yaml', about: 'The same as YAML.' },
  keys: { path: '/.well-known/jwks.json', about: 'The public keys that verify access tokens.' },
  live: { path: '/health/live', about: 'Is the process running?' },
  ready: { path: '/health/ready', about: 'Can it serve requests?' },
} as const;

const index = (publicUrl: string, version: string) => ({
  name: 'Stockroom API',
  version,
  links: Object.fromEntries(Object.entries(LINKS).map(([name, { path }]) => [name, `${publicUrl}${path}`])),
});

export const INDEX_EXAMPLE = index('https://stockroom.example.com', '1.0.0');

export function indexForPrograms(publicUrl: string): PublishedFile {
  const body = JSON.stringify(index(publicUrl, packageJson.version), null, 2);
  return { ...publish('application/json; charset=utf-8', body), negotiated: true };
}

export function indexPage(): PublishedFile {
  const page = publishPage({
    title: 'Index',
    root: '',
    body: html`<main class="text">
      <h1>Stockroom API</h1>
      <p>
        Version ${packageJson.version}. Sign in with <code>POST /v1/auth/login</code>, for example in Swagger
        UI.
      </p>
      <dl class="links">
        ${Object.values(LINKS).map(
          ({ path, about }) =>
            html`<dt><a href="${path.slice(1)}">${path}</a></dt>
              <dd>${about}</dd>`,
        )}
      </dl>
    </main>`,
  });
  return { ...page, negotiated: true };
}
