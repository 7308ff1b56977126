/* global SwaggerUIBundle, fetch, location, URL */

const SCHEME = 'bearer';

/** Relative: the service may lie below a path of a proxy. */
const documentUrl = new URL('openapi.json', location.href).href;
const document = await (await fetch(documentUrl)).json();

// The page calls the service that it came from, under whatever name: another origin would be refused.
document.servers = [{ url: new URL('.', location.href).href.replace(/\/$/, '') }];

/** Signing in by 'Try it out' signs in all further calls; signing out ends that. */
function followSignIn(response) {
  const { pathname } = new URL(response.url, location.href);
  if (!response.ok) return response;
  if (/\/v1\/auth\/(login|login\/confirm|refresh|oidc\/tokens)$/.test(pathname))
    authorize(response.body?.access_token);
  if (pathname.endsWith('/v1/auth/logout')) ui.authActions.logoutWithPersistOption([SCHEME]);
  return response;
}

function authorize(token) {
  if (typeof token !== 'string') return;
  const schema = document.components.securitySchemes[SCHEME];
  ui.authActions.authorizeWithPersistOption({ [SCHEME]: { name: SCHEME, schema, value: token } });
}

const ui = SwaggerUIBundle({
  dom_id: '#swagger-ui',
  spec: document,
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  responseInterceptor: followSignIn,
});
