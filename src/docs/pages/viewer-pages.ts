import { html } from './html.js';
import { publishPage } from './layout.js';

const NEEDS_SCRIPTS = html`<noscript>
  <p class="notice">This page requires JavaScript. The same content is in openapi.json and openapi.yaml.</p>
</noscript>`;

/** Both viewers read the document; their images are part of their style sheets. */
const VIEWER_POLICY = {
  'script-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
};

export function swaggerUiPage() {
  return publishPage({
    title: 'Swagger UI',
    root: '',
    head: html`<link rel="stylesheet" href="docs/assets/swagger-ui.css" />
      <script src="docs/assets/swagger-ui.js" defer></script>
      <script src="docs/assets/swagger-ui-init.js" type="module"></script>`,
    body: html`<main id="swagger-ui" class="viewer"></main>
      ${NEEDS_SCRIPTS}`,
    policy: VIEWER_POLICY,
  });
}

export function redocPage() {
  return publishPage({
    title: 'Redoc',
    root: '',
    head: html`<script src="docs/assets/redoc.js" defer></script>
      <script src="docs/assets/redoc-init.js" defer></script>`,
    body: html`<main id="redoc" class="viewer"></main>
      ${NEEDS_SCRIPTS}`,
    // Redoc makes its styles as it goes, and a worker of its own text for the search.
    policy: { ...VIEWER_POLICY, 'style-src': "'self' 'unsafe-inline'", 'worker-src': 'blob:' },
  });
}
