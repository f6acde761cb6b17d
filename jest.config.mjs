/** ES modules only, which have to become CommonJS too: p-limit, and the identity library. */
const ES_MODULES = [
  'commander',
  'content-disposition',
  'cookie',
  'temporal-polyfill',
  'temporal-utils',
  'p-limit',
  'p-retry',
  'is-network-error',
  'string-width',
  'get-east-asian-width',
  'strip-ansi',
  'ansi-regex',
  'yocto-queue',
  'better-auth',
  '@better-auth',
  '@better-fetch',
  'better-call',
  'jose',
  'kysely',
  'nanostores',
  'rou3',
  'defu',
  '@noble',
  '@openrouter/sdk',
  'marked',
].join('|');

/** Sources are compiled to CommonJS for jest only: its ESM mode leaks memory (jest#14605). */
const transform = {
  '^.+\\.tsx$': [
    '@swc/jest',
    {
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', tsx: true },
        transform: { react: { runtime: 'automatic' } },
      },
      module: { type: 'commonjs' },
      sourceMaps: 'inline',
    },
  ],
  [`^.+\\.(ts|mjs)$|/(${ES_MODULES})/.+\\.js$`]: [
    '@swc/jest',
    {
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: false },
      },
      module: { type: 'commonjs' },
      sourceMaps: 'inline',
    },
  ],
};

/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/jest/shared-environment.mjs',
  runtime: '<rootDir>/test/jest/shared-runtime.mjs',
  roots: ['<rootDir>/src', '<rootDir>/packages', '<rootDir>/web', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Runs by itself: npm run test:soak.
  testPathIgnorePatterns: [
    '/node_modules/',
    ...(process.env.SOAK_MINUTES === undefined ? ['e2e/soak\\.test\\.ts$'] : []),
  ],
  transform,
  // Prisma's query compiler is an ES module too.
  transformIgnorePatterns: [
    `/node_modules/(?!@prisma/client/runtime/.*\\.mjs$|(?:${ES_MODULES})/)`,
  ],
  moduleNameMapper: {
    '^@gigarouter/stripe-simulator$': '<rootDir>/packages/stripe-simulator/src/index.ts',
    '^@gigarouter/web$': '<rootDir>/web/server/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  reporters: ['default', '<rootDir>/test/support/run-reporter.mjs'],
  // Longer than the deadlines of `until`, so that these say what was waited for. For a third of a slow core.
  testTimeout: 300_000,
  maxWorkers: 2,
  // A file leaves up to 40 MB of heap behind: 100 files would fill a worker's 4 GB.
  workerIdleMemoryLimit: '1GB',
};
