// `operations.mjs [--check]`: validates each `*.graphql` of src against the schema, and writes its types and its text
// beside it, as `<name>.operation.ts`. With --check it writes nothing, and fails where it would.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { buildSchema, parse, print, validate } from 'graphql';

const root = path.resolve(import.meta.dirname, '../..');
const from = path.join(root, 'web/src');
const schema = parse(readFileSync(path.join(root, 'schema.graphql'), 'utf8'));
const built = buildSchema(readFileSync(path.join(root, 'schema.graphql'), 'utf8'));

const CONFIG = {
  scalars: {
    BigInt: 'string',
    DateTimeISO: 'string',
    JSONObject: 'Record<string, unknown>',
    NanoUSD: 'string',
    PartialDate: 'string',
    SafeInt: 'number',
  },
  strictScalars: true,
  immutableTypes: true,
  skipTypename: true,
  arrayInputCoercion: false,
  enumType: 'string-literal',
  useTypeImports: true,
};

const check = process.argv.includes('--check');
const faults = [];
for (const name of readdirSync(from, { recursive: true }).sort()) {
  if (!name.endsWith('.graphql')) continue;
  const file = path.join(from, name);
  const document = parse(readFileSync(file, 'utf8'));
  const invalid = validate(built, document);
  if (invalid.length > 0) {
    faults.push(...invalid.map(({ message }) => `web/src/${name}: ${message}`));
    continue;
  }
  const target = file.replace(/\.graphql$/, '.operation.ts');
  const wanted = await moduleOf(file, document);
  if (existsSync(target) && readFileSync(target, 'utf8') === wanted) continue;
  if (check)
    faults.push(`web/src/${name}: the types are not up to date: npm run operations -w web`);
  else writeFileSync(target, wanted);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exitCode = 1;

async function moduleOf(file, document) {
  const types = await codegen({
    filename: file,
    schema,
    schemaAst: built,
    documents: [{ location: file, document }],
    config: CONFIG,
    plugins: [{ typescriptOperations: {} }],
    pluginMap: { typescriptOperations },
  });
  const [operation] = document.definitions;
  const name = operation.name.value;
  const kind = operation.operation === 'query' ? 'Query' : 'Mutation';
  const up = path.relative(path.dirname(file), path.join(from, 'graphql/operation.js'));
  const declared = types.replaceAll(
    /^export type (?!\w+(?:Query|Mutation)(?:Variables)?\b)/gm,
    'type ',
  );
  return `// Written by \`npm run operations -w web\`. Do not edit.
import type { Operation } from '${up.split(path.sep).join('/')}';

${declared.trim()}

export const ${name}: Operation<${name}${kind}, ${name}${kind}Variables> = {
  text: ${JSON.stringify(print(document))},
};
`;
}
