import js from '@eslint/js';
import graphql from '@graphql-eslint/eslint-plugin';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const typescript = [
  'src/**/*.ts',
  'packages/**/*.ts',
  'web/**/*.{ts,tsx}',
  'test/**/*.ts',
  'bench/**/*.ts',
  'prisma.config.ts',
];
const javascript = ['**/*.mjs', '**/*.cjs'];

/** What Node itself offers to a script, whichever version runs this. */
const nodeGlobals = Object.fromEntries(
  [...Object.getOwnPropertyNames(globalThis), 'require', 'module', 'exports'].map((name) => [
    name,
    'readonly',
  ]),
);

const READ_CONFIG =
  'Only src/config/config.ts reads the environment: add the variable there (and to .env.example), and take its value from Config.';

/** Selectors of `no-restricted-syntax` for all of src/; a later rule of that name replaces an earlier one. */
const RESTRICTED = [
  {
    selector: 'PrivateIdentifier',
    message: 'Write `private`, as everywhere else: there is one way to say it.',
  },
  {
    selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
    message: 'Export it by its name, so that it is called the same wherever it is used.',
  },
  {
    selector: 'ImportDeclaration[source.value=/^(node:)?process$/]',
    message: `Use the global process. ${READ_CONFIG}`,
  },
];

const ONE_DOOR =
  'SQL has one door: `query` and `execute` of the pool or of a transaction, and `db.transaction` (src/platform/queryable.ts, docs/decisions/0003).';
/** Prisma's ways to SQL and to transactions. */
const RAW_SQL = [
  'MemberExpression[property.name=/^\\$(query|execute)Raw/]',
  'MemberExpression[property.name="$transaction"]',
].map((selector) => ({ selector, message: ONE_DOOR }));
/** The door itself. */
const IS_DOOR = ['src/platform/queryable.ts', 'src/platform/database.ts'];

const ONE_CLOCK =
  'The clocks of servers differ: an instant that is stored or compared comes from the database. Say db_now() in the statement, or ask readNow (src/platform/now.store.ts). Measure time with performance.now().';
const PROCESS_CLOCK = [
  'NewExpression[callee.name="Date"][arguments.length=0]',
  'CallExpression[callee.name="Date"]',
  'CallExpression[callee.object.name="Date"][callee.property.name="now"]',
  'MemberExpression[object.name="Temporal"][property.name="Now"]',
  // As tests cannot move these.
  'TemplateElement[value.raw=/(^|[^\\w.])(now\\(\\)|CURRENT_TIMESTAMP|LOCALTIMESTAMP|clock_timestamp)/i]',
].map((selector) => ({ selector, message: ONE_CLOCK }));

/** Files that read the clock of the process, for what is neither stored nor compared with what is. */
const READS_PROCESS_CLOCK = [
  // Log lines, and times in answers of other people's APIs.
  'src/platform/logger.ts',
  'src/rest/**',
  'src/siglip/output-files.ts',
  // Prisma's own table.
  'src/platform/migrations.ts',
  // Timers: they only wake something up, and the database decides then.
  'src/graphql/connections.ts',
  'src/live/usage-tick-stream.ts',
];

export default defineConfig(
  globalIgnores([
    'explorer/vendor/',
    '**/dist/',
    '.data/',
    'coverage/',
    'web/**/*.operation.ts',
    'src/platform/prisma/',
    'bench/results/',
  ]),
  {
    linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' },
  },

  {
    files: typescript,
    extends: [
      js.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
    ],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
  },
  {
    files: typescript,
    rules: {
      // GraphQL types are classes for their decorators' sake; a plain object of the same shape
      // resolves just the same, and TypeScript compares the shapes.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    // Tests look into answers of any shape: what is not there fails the test by itself.
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: javascript,
    extends: [js.configs.recommended],
    languageOptions: { globals: nodeGlobals },
  },
  {
    // A page's script.
    files: ['explorer/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['document', 'localStorage', 'location', 'GraphiQL', 'React', 'ReactDOM'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
  {
    files: ['{src,packages,web,test,bench,scripts}/**/*.{ts,tsx,mjs}'],
    rules: { 'max-lines': ['error', { max: 300 }] },
  },

  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        {
          name: 'console',
          message:
            'Take a Logger (src/platform/logger.ts); in main.ts and cli.ts write to process.stderr.',
        },
      ],
      'no-restricted-syntax': ['error', ...RESTRICTED, ...RAW_SQL],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.test.ts', ...READS_PROCESS_CLOCK],
    rules: {
      'no-restricted-syntax': ['error', ...RESTRICTED, ...RAW_SQL, ...PROCESS_CLOCK],
    },
  },
  {
    files: IS_DOOR,
    rules: {
      'no-restricted-syntax': ['error', ...RESTRICTED, ...PROCESS_CLOCK],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.test.ts'],
    rules: {
      // A rejection that nobody handles ends the process: `void` would only hide it. Add a `.catch`.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/config.ts', 'src/**/*.test.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: READ_CONFIG },
      ],
    },
  },

  ...['schema.graphql', 'schema.operator.graphql'].map((file) => ({
    files: [file],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: `./${file}` } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      '@graphql-eslint/description-style': ['error', { style: 'block' }],
      '@graphql-eslint/input-name': [
        'error',
        { checkInputType: true, caseSensitiveInputType: false },
      ],
      '@graphql-eslint/naming-convention': [
        'error',
        {
          types: { style: 'PascalCase', forbiddenSuffixes: ['Type', 'Enum', 'Interface', 'Union'] },
          FieldDefinition: 'camelCase',
          InputValueDefinition: 'camelCase',
          EnumValueDefinition: 'UPPER_CASE',
        },
      ],
      '@graphql-eslint/no-hashtag-description': 'error',
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/no-typename-prefix': 'error',
      // The rule keeps what it found in the first schema that it saw, and what operators have is reached by derivation.
      '@graphql-eslint/no-unreachable-types': file === 'schema.graphql' ? 'error' : 'off',
      // Lists are read forwards only.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      '@graphql-eslint/relay-connection-types': 'error',
      // Short lists that are never paged, such as a model's specs, are plain lists. This rule, too, keeps the first schema.
      '@graphql-eslint/relay-edge-types':
        file === 'schema.graphql' ? ['error', { listTypeCanWrapOnlyEdgeType: false }] : 'off',
      '@graphql-eslint/relay-page-info': 'error',
      '@graphql-eslint/require-deprecation-reason': 'error',
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
        },
      ],
      '@graphql-eslint/require-nullable-fields-with-oneof': 'error',
      '@graphql-eslint/require-nullable-result-in-root': 'error',
      '@graphql-eslint/unique-enum-value-names': 'error',
      'no-restricted-syntax': [
        'error',
        {
          // `require-deprecation-date` wants an argument that `@deprecated` does not have.
          selector:
            'Directive[name.value=deprecated] Argument[name.value=reason] > StringValue:not([value=/\\d{4}-\\d\\d-\\d\\d/])',
          message:
            'Say in the reason what to use instead and on which day the old one goes: "Use y. Removed on 2027-06-30."',
        },
      ],
      // Left off, although it is for schemas like this one:
      // - alphabetize: the schema is printed in order of names.
      // - strict-id-in-types: a spec, a count or a page has no identity; what has one is a Node, which
      //   relay-edge-types asks of everything that is listed.
    },
  })),
);
