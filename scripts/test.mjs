// Prepares the project and runs every test: `npm test`, or `npm test -- cursor` for some of them.
import { mkdirSync } from 'node:fs';
import { prepare, runNode } from './prepare.mjs';

prepare({ all: true });
mkdirSync('.data', { recursive: true });
runNode(
  [
    'node_modules/jest/bin/jest.js',
    '--json',
    '--outputFile=.data/test-results.json',
    ...process.argv.slice(2),
  ],
  // Tests choose their own database and settings.
  { env: { DATABASE_URL: '', NODE_ENV: 'test' } },
);
