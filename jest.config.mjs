/** Sources are compiled to CommonJS for jest only: its ESM mode leaks memory (jest#14605). */
const transform = {
  '^.+\\.(ts|mjs)$|/(p-limit|yocto-queue)/.+\\.js$': [
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
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform,
  // Prisma's query compiler and some packages are ES modules, which have to become CommonJS too.
  transformIgnorePatterns: [
    '/node_modules/(?!@prisma/client/runtime/.*\\.mjs$|p-limit/|yocto-queue/)',
  ],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  testTimeout: 60_000,
  maxWorkers: 2,
};
