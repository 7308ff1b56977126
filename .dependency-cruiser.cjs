/**
 * Who may import whom: the layers of Stockroom. Part of `npm run lint`.
 * A new feature needs a line in FEATURES; until it has one, it may import nothing but the shared folders.
 */
const SHARED = ['common', 'database', 'events', 'jobs', 'mail', 'telemetry'];

const FOLDERS = {
  common: [],
  database: [],
  events: ['common', 'database', 'jobs'],
  jobs: ['common', 'database'],
  idempotency: ['common', 'database', 'jobs'],
  mail: ['common', 'database'],
  telemetry: ['common', 'database'],
  docs: ['common'],
};

/** A feature, and the other features that it may know. */
const FEATURES = {
  users: [],
  'account-pages': [],
  products: [],
  'one-time-tokens': ['users'],
  'email-verifications': ['users', 'one-time-tokens'],
  'two-step': ['users'],
  sessions: ['users'],
  auth: ['users', 'sessions', 'one-time-tokens', 'email-verifications', 'two-step'],
  'password-resets': ['users', 'sessions', 'auth', 'one-time-tokens'],
  oidc: ['users', 'sessions', 'auth', 'one-time-tokens'],
  'api-keys': ['users'],
  stock: ['products'],
  orders: ['users', 'products', 'stock'],
  'product-imports': ['products'],
  audit: [],
  // To mail the owner of an endpoint.
  webhooks: ['users'],
};

const MAY_IMPORT = {
  ...FOLDERS,
  ...Object.fromEntries(Object.entries(FEATURES).map(([name, known]) => [name, [...SHARED, ...known]])),
};

const SPEC = '\\.spec\\.ts$';
const anyOf = (names) => `(${names.join('|')})`;

const layers = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `${folder}-imports`,
  comment: `src/${folder} may import of src only: ${allowed.join(', ') || 'nothing'}.`,
  severity: 'error',
  from: { path: `^src/${folder}/`, pathNot: SPEC },
  to: { path: '^src/', pathNot: `^src/${anyOf([folder, ...allowed])}/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'unknown-folder-imports',
      comment: 'A folder without a line of its own may import only the shared ones.',
      severity: 'error',
      from: {
        path: '^src/([^/]+)/',
        pathNot: [`^src/${anyOf([...Object.keys(MAY_IMPORT), 'startup', 'cli'])}/`, SPEC],
      },
      to: { path: '^src/', pathNot: [`^src/${anyOf(SHARED)}/`, '^src/$1/'] },
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
      comment: 'Migrations are the business of src/database.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/database/' },
      to: { path: '^migrations/' },
    },
    {
      name: 'foreign-insides',
      comment:
        'Of another feature only its service, its module and its types, never its repository or controller.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: SPEC },
      to: { path: '^src/[^/]+/.*\\.(repository|controller)\\.ts$', pathNot: '^src/$1/' },
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
      from: { path: '\\.(service|repository|entity)\\.ts$' },
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
      from: { pathNot: [SPEC, '^src/database/embedded/'] },
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
