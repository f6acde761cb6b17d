// Who may import whom (CONVENTIONS.md), as rules. `npm run check` shows a rule's comment when it is broken.
//
//   main, cli → app → graphql · rest · http → domains → siglip · predictor → platform → errors
//
// One deviation: a domain's resolvers, types and inputs use the GraphQL kit in src/graphql, and the kit
// knows no domain. Resolvers live with the domain they speak for.

/** Each domain, and the other domains whose faces it may use. */
const DOMAINS = {
  accounts: ['credits'],
  catalog: [],
  credits: [],
  usage: ['accounts', 'catalog', 'credits'],
  payments: ['credits'],
  inference: ['catalog', 'credits', 'usage'],
  batches: ['credits', 'inference', 'usage'],
  notifications: ['accounts'],
  alerts: ['accounts', 'credits', 'notifications', 'usage'],
  publishing: ['catalog', 'inference', 'notifications'],
  demand: ['accounts', 'catalog', 'credits', 'notifications', 'publishing'],
  operations: [],
  live: ['accounts', 'catalog', 'credits', 'usage'],
};

const DOMAIN = `^src/(?:${Object.keys(DOMAINS).join('|')})/`;
const UNIT_TEST = '\\.test\\.ts$';
/** Files of a domain that speak GraphQL. */
const SPEAKS_GRAPHQL = `${DOMAIN}[^/]+\\.(?:resolver|loaders|type|input|payload)\\.ts$`;

/** Makes a domain: its services over what they stand on, and its resolvers over them. */
const FACTORY = `${DOMAIN}[^/]+\\.factory\\.ts$`;

const packages = (...names) => `^node_modules/(?:${names.join('|')})/`;
const nodeModules = (...names) => `^(?:node:)?(?:${names.join('|')})$`;

/** One door to a package: only files that match `door` import it. */
const door = (name, packageNames, doors, comment) => ({
  name,
  comment,
  from: { path: '^src/', pathNot: doors },
  to: { path: packages(...packageNames) },
});

/** A folder that knows only what `mayUse` matches, itself included. */
const layer = (folder, mayUse, comment) => ({
  name: `${folder}-knows-its-place`,
  comment,
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [`^src/${folder}/`, ...mayUse] },
});

const ERRORS = '^src/errors\\.ts$';
const PLATFORM = '^src/platform/';
/** Packages of their own: as packages of other people, they know nothing of this one. */
const WORKSPACES = '^packages/';
/** The pages: they know schema.graphql and the REST contract only. */
const WEB = '^web/';

const forbidden = [
  // ── the arrows ──────────────────────────────────────────────────────────────────────────────────
  {
    name: 'errors-knows-nothing',
    comment:
      'errors.ts is at the bottom: what an edge does with an error (status, shape) belongs to that edge.',
    from: { path: ERRORS },
    to: { path: '^src/' },
  },
  layer(
    'platform',
    [ERRORS],
    'The platform serves everybody and knows nobody: pass what it needs as an argument, as createMetrics does with the pool.',
  ),
  layer(
    'siglip',
    [ERRORS],
    'The engine is pure: checkpoint, image and text in, numbers out. Take bytes, paths or a function as arguments; whoever calls it has the platform.',
  ),
  layer(
    'predictor',
    [ERRORS, PLATFORM, '^src/siglip/'],
    'The predictor is a process of its own. What a domain decides reaches it over the Open Inference Protocol.',
  ),
  layer(
    'http',
    [ERRORS, PLATFORM],
    'src/http is what every route shares. A route of a domain goes to src/rest, its GraphQL to the domain’s resolver; src/app passes what a route needs.',
  ),
  layer(
    'graphql',
    [ERRORS, PLATFORM, '^src/http/'],
    'The GraphQL kit knows no domain: src/app hands it the resolvers. Move what only one domain needs into that domain.',
  ),
  layer(
    'rest',
    [ERRORS, PLATFORM, '^src/http/', DOMAIN],
    'src/rest translates other people’s contracts to the domains’ services; it has no use for the GraphQL kit or the engine.',
  ),
  layer(
    'mail-viewer',
    ['^src/http/browser\\.ts$', '^src/platform/html\\.ts$'],
    'The mail viewer shows a folder of mails, as any mail program could: it knows nothing of the product.',
  ),
  {
    name: 'workspaces-stand-alone',
    comment:
      'A workspace package is used by this one and knows nothing of it: the Stripe simulator stands outside, as Stripe does. Take the value as an option, or write the few lines again.',
    from: { path: WORKSPACES },
    to: { path: '^(?:src|test|bench|scripts)/' },
  },
  {
    name: 'only-the-top-starts-the-simulator',
    comment: 'It is a server, spoken to over HTTP by the gateway: src/app starts it.',
    from: { path: '^src/', pathNot: '^src/app/stripe-simulator\\.ts$' },
    to: { path: WORKSPACES },
  },
  {
    name: 'web-stands-alone',
    comment:
      'The pages know schema.graphql and the REST contract: ask for it in a *.graphql file, and close a gap in the API.',
    from: { path: WEB },
    to: { path: '^(?:src|test|bench|scripts|packages)/' },
  },
  {
    name: 'web-has-one-door',
    comment: 'Only src/pages serves the pages, and it knows only what web/server/index.ts exports.',
    from: { path: '^src/' },
    to: { path: WEB, pathNot: '^web/(?:server/index\\.ts|dist/server\\.js)$' },
  },
  {
    name: 'only-pages-serves-web',
    comment: 'The pages are served by src/pages.',
    from: { path: '^src/', pathNot: '^src/pages/' },
    to: { path: WEB },
  },
  {
    name: 'web-features-stand-apart',
    comment: 'A page does not import another. Move what both need to web/src/ui.',
    from: { path: '^web/src/features/([^/]+)/' },
    to: { path: '^web/src/features/', pathNot: '^web/src/features/$1/' },
  },
  layer(
    'pages',
    [ERRORS, PLATFORM, '^src/(?:http|graphql)/'],
    'src/pages serves the pages of web/, which ask GraphQL for everything: it has no use for a domain.',
  ),
  layer(
    'config',
    [ERRORS, PLATFORM, '^src/(?:http|graphql|siglip|predictor)/', DOMAIN],
    'The configuration names options that others declare; it starts nothing. What a start does with it belongs to src/app.',
  ),
  {
    name: 'domains-know-no-edge',
    comment:
      'A domain does not know how it is called. Return a record or throw an AppError; resolvers, types and inputs turn it into GraphQL, src/rest into REST.',
    from: { path: DOMAIN },
    to: {
      path: '^src/',
      pathNot: [DOMAIN, ERRORS, PLATFORM, '^src/(?:siglip|predictor)/', '^src/graphql/'],
    },
  },
  {
    name: 'graphql-kit-for-resolvers-only',
    comment:
      'Only a domain’s resolver, type, input and payload files speak GraphQL. Do it there, and pass plain values on to the service.',
    from: { path: DOMAIN, pathNot: [SPEAKS_GRAPHQL, FACTORY] },
    to: { path: '^src/graphql/' },
  },
  {
    name: 'only-the-top-knows-the-top',
    comment:
      'main, cli, src/app and src/config wire the rest together and are imported by nothing below. Take the value as an argument.',
    from: { path: '^src/[^/]+/', pathNot: [UNIT_TEST, '^src/(?:app|commands|config)/'] },
    to: { path: ['^src/[^/]+\\.ts$', '^src/(?:app|config)/'], pathNot: ERRORS },
  },
  {
    name: 'nobody-imports-a-program',
    comment: 'main.ts and cli.ts run when they are imported. Move what is shared to src/app.',
    from: {},
    to: { path: '^src/(?:main|cli)\\.ts$' },
  },
  {
    name: 'src-stands-alone',
    comment:
      'What is shipped does not need what is around it. Move the shared part into src; tests, benches and scripts import it from there.',
    from: { path: '^src/', pathNot: UNIT_TEST },
    to: { path: '^(?:test|bench|scripts|prisma|docs)/|\\.test\\.ts$' },
  },

  // ── domains ─────────────────────────────────────────────────────────────────────────────────────
  {
    name: 'domain-face',
    comment:
      'A domain is imported through its index.ts: export there what others may use, or ask the domain’s service.',
    from: { path: '^src/([^/]+)', pathNot: UNIT_TEST },
    to: { path: DOMAIN, pathNot: ['^src/$1/', `${DOMAIN}index\\.ts$`] },
  },
  ...Object.entries(DOMAINS).map(([domain, mayUse]) => ({
    name: `${domain}-uses-${mayUse.join('-and-') || 'no-other-domain'}`,
    comment:
      'Domains use each other in one direction only. Turn the call round (the upper one asks), or add the arrow to DOMAINS in .dependency-cruiser.cjs and to CONVENTIONS.md.',
    from: { path: `^src/${domain}/`, pathNot: UNIT_TEST },
    to: { path: DOMAIN, pathNot: `^src/(?:${[domain, ...mayUse].join('|')})/` },
  })),
  {
    name: 'records-are-pure',
    comment:
      'A record (noun.ts) is a readonly type and pure functions: it imports records, ids, actors, names and errors. What decides is a service, what queries a store, what is shown a type.',
    from: { path: `${DOMAIN}[^./]+\\.ts$`, pathNot: `${DOMAIN}index\\.ts$` },
    to: {
      path: '^src/',
      pathNot: [
        `${DOMAIN}[^./]+\\.ts$`,
        ERRORS,
        '^src/platform/(?:ids|actor|name|order|ip-ranges|time-range)\\.ts$',
      ],
    },
  },
  {
    name: 'factories-are-at-the-top',
    comment:
      'A factory makes a domain, for src/app, which knows them all. Take what it makes as an argument.',
    from: { path: DOMAIN, pathNot: [`${DOMAIN}index\\.ts$`, FACTORY, UNIT_TEST] },
    to: { path: FACTORY },
  },
  {
    name: 'types-do-not-fetch',
    comment:
      'A type or input describes and converts what it is given. Let the resolver call the service.',
    from: { path: `${DOMAIN}[^/]+\\.(?:type|input|payload)\\.ts$` },
    to: { path: `${DOMAIN}[^/]+\\.(?:resolver|service|store|loaders|sql)\\.ts$` },
  },
  {
    name: 'resolvers-ask-the-service',
    comment:
      'A resolver calls one service method and wraps the result; the service decides which store to ask.',
    from: { path: `${DOMAIN}[^/]+\\.(?:resolver|loaders)\\.ts$` },
    to: { path: `${DOMAIN}[^/]+\\.(?:store|sql)\\.ts$` },
  },
  {
    name: 'services-do-not-present',
    comment: 'Services and stores hand out records. Build the GraphQL type in the resolver.',
    from: { path: `${DOMAIN}[^/]+\\.(?:service|store|sql|seed)\\.ts$` },
    to: { path: SPEAKS_GRAPHQL },
  },
  {
    name: 'stores-do-not-decide',
    comment: 'A store queries and maps rows. Move the decision up into the service that calls it.',
    from: { path: `${DOMAIN}[^/]+\\.(?:store|sql)\\.ts$` },
    to: { path: `${DOMAIN}[^/]+\\.(?:service|loaders|seed)\\.ts$` },
  },
  {
    name: 'stores-stay-home',
    comment:
      'A store is called from its own domain only: do not export it in index.ts, let others ask the service.',
    from: { path: `${DOMAIN}index\\.ts$` },
    to: { path: '\\.store\\.ts$' },
  },

  // ── doors ───────────────────────────────────────────────────────────────────────────────────────
  {
    name: 'door-prisma-client',
    comment:
      'Query in a *.store.ts, which takes the Transaction of src/platform/database.ts; call the store from the service.',
    from: {
      path: '^src/',
      pathNot: [
        '\\.store\\.ts$',
        '^src/platform/(?:database|queryable)\\.ts$',
        '^src/platform/prisma/',
      ],
    },
    to: { path: '^src/platform/prisma/' },
  },
  door(
    'door-prisma-packages',
    ['@prisma'],
    ['^src/platform/(?:database\\.ts$|prisma/)'],
    'src/platform/database.ts opens the database; take its Database.',
  ),
  door(
    'door-pg',
    ['pg', '@types/pg'],
    ['^src/platform/'],
    'Take the Database of src/platform/database.ts, and query in a *.store.ts.',
  ),
  door(
    'door-apollo',
    ['@apollo', '@as-integrations'],
    ['^src/graphql/'],
    'Only src/graphql knows that Apollo serves it. Use what it exports, or add a plugin there.',
  ),
  door(
    'door-graphql',
    ['graphql', 'graphql-scalars', 'graphql-query-complexity', 'type-graphql'],
    ['^src/graphql/', SPEAKS_GRAPHQL, '^src/app/resolvers\\.ts$'],
    'Only the GraphQL kit and a domain’s resolver, type, input and payload files speak GraphQL.',
  ),
  door(
    'door-fastify',
    ['fastify', '@fastify'],
    [
      '^src/(?:http|graphql|rest|pages)/',
      '^src/app/',
      '^src/predictor/server\\.ts$',
      '^src/mail-viewer/',
    ],
    'Only the edges speak HTTP. Return a value or throw an AppError; the edge makes the answer.',
  ),
  door(
    'door-stripe',
    ['stripe'],
    ['^src/payments/stripe[a-z-]*\\.gateway\\.ts$', '^src/payments/stripe-payment\\.ts$'],
    'Ask a gateway, src/payments/stripe*.gateway.ts; add a method there.',
  ),
  door(
    'door-onnxruntime',
    ['onnxruntime-node', 'onnxruntime-common'],
    ['^src/predictor/'],
    'session.run() blocks the whole process: run it in src/predictor, and ask over its client.',
  ),
  door(
    'door-sharp',
    ['sharp', '@img'],
    ['^src/siglip/'],
    'Images are decoded in src/siglip, where loaders and sizes are limited; call that.',
  ),
  {
    name: 'siglip-has-no-network',
    comment:
      'The engine neither asks nor answers. Download before, serve from src/predictor, and hand it a path or bytes.',
    from: { path: '^src/siglip/' },
    to: { path: nodeModules('http', 'https', 'http2', 'net', 'tls', 'dgram') },
  },
  {
    name: 'api-process-runs-no-inference',
    comment:
      'Loading onnxruntime-node into the API process blocks its event loop and lets a native crash end it. Import the predictor’s client, and start the predictor as a process.',
    from: { path: '^src/(?:main|app/app)\\.ts$' },
    to: { path: packages('onnxruntime-node'), reachable: true },
  },

  // ── in general ──────────────────────────────────────────────────────────────────────────────────
  {
    name: 'no-cycles',
    comment:
      'Move what both need into a file of its own. Types that name each other through thunks (*.type.ts), and imports of types alone, may form a cycle.',
    from: { pathNot: '\\.type\\.ts$' },
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'no-orphans',
    comment: 'Nothing imports this file and it imports nothing: remove it, or use it.',
    from: { path: '^src/', orphan: true, pathNot: ['^src/(?:main|cli)\\.ts$', UNIT_TEST] },
    to: {},
  },
  {
    name: 'no-unresolvable',
    comment:
      'This file or package does not exist: correct the path, or add the package to package.json.',
    from: {},
    // dist/ is there once the code was compiled; tests and benches that import it see to that.
    to: { couldNotResolve: true, pathNot: '(?:^|/)dist/' },
  },
  {
    name: 'no-dev-packages-in-src',
    comment:
      'What is shipped may not need a development package: move it to "dependencies" in package.json.',
    from: { path: '^src/', pathNot: UNIT_TEST },
    to: {
      dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      dependencyTypesNot: ['type-only'],
    },
  },
];

module.exports = {
  forbidden: forbidden.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: ['^node_modules/', '(?:^|/)dist/', '^src/platform/prisma/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    skipAnalysisNotInRules: true,
  },
};
