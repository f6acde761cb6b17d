import { z } from 'zod';
import { AppError, ERROR_CODES } from '../errors.js';
import type { Dialect } from './dialect.js';
import type { Example, Route } from './route.js';
import { type Tag, TAGS } from './tags.js';

/** An OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1), as far as it is read here. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly [name: string]: unknown;
}

const INTRODUCTION = `Zero-shot image classification and embeddings, paid from prepaid credit, in the dialects of the
clients that callers have already. All of them run through the same metered call: the most that a call can cost is
held before it runs, what ran is charged, and a call that fails is free.

Send \`authorization: Bearer gr-…\`. Every answer carries \`x-request-id\`; answers that cost something carry
\`x-gigarouter-cost\` (US dollars), \`x-gigarouter-run\` and \`server-timing\`. \`Idempotency-Key\` makes a call safe to
send again: a replay carries \`idempotent-replayed\`, costs 0, and tells what the original request cost in
\`x-gigarouter-original-cost\`. \`Prefer: wait=30\` waits for a model that warms up; \`X-Tier: batch\` is cheaper, and waits behind others.`;

/** Describes routes from the very schemas that check requests. @param url where the server is reached */
export function createOpenApi(
  routes: readonly Route[],
  { url, version }: { readonly url: string; readonly version: string },
): OpenApiDocument {
  const paths: Record<string, Record<string, object>> = {};
  for (const one of routes) {
    const operations = (paths[pathOf(one)] ??= {});
    // A second pattern for the same address is of no interest to callers.
    operations[one.method.toLowerCase()] ??= operationOf(one);
  }
  const used = new Set(routes.map(({ tag }) => tag));
  const tags = Object.entries(TAGS).map(([name, description]) => ({ name, description }));
  return {
    openapi: '3.1.1',
    info: {
      title: 'gigarouter',
      version,
      description: INTRODUCTION,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url }],
    tags: tags.filter(({ name }) => used.has(name as Tag)),
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key, `gr-…`, or a session.' },
      },
    },
  };
}

/** The address as OpenAPI writes it. */
export function pathOf({ path, url }: Pick<Route, 'path' | 'url'>): string {
  return path ?? url.replace(/:(\w+)/g, '{$1}');
}

function operationOf(one: Route): object {
  const { operationId, tag, summary, description, dialect, status = 200, body } = one;
  const isPublic = one.scope === 'public' && one.needsCaller !== true;
  const schema = body && schemaOf(body, 'input');
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: isPublic ? [] : [{ key: [] }],
    parameters: [...pathParameters(one), ...queryParameters(one)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: Object.fromEntries(
              mediaTypesOf(one).map((type) => [type, { schema, ...examplesOf(one.examples) }]),
            ),
          },
        }),
    responses: {
      [String(status)]: {
        description: 'The answer.',
        content: { 'application/json': { schema: schemaOf(one.answer, 'output') } },
      },
      '4XX': errorResponse(dialect),
    },
  };
}

function mediaTypesOf({ isForm, fromForm }: Route): string[] {
  if (isForm === true) return ['multipart/form-data'];
  return ['application/json', ...(fromForm === undefined ? [] : ['multipart/form-data'])];
}

function pathParameters(one: Route): object[] {
  const names = [...pathOf(one).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const known = propertiesOf(one.params);
  return names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: known[name] ?? known['*'] ?? { type: 'string' },
  }));
}

function queryParameters({ query }: Route): object[] {
  if (query === undefined) return [];
  const { required = [] } = schemaOf(query, 'input') as { required?: readonly string[] };
  return Object.entries(propertiesOf(query)).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function propertiesOf(schema: z.ZodType | undefined): Readonly<Record<string, object>> {
  if (schema === undefined) return {};
  const { properties = {} } = schemaOf(schema, 'input') as { properties?: Record<string, object> };
  return properties;
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const all = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' });
  // The document says for all of them which JSON Schema it is.
  return Object.fromEntries(Object.entries(all).filter(([name]) => name !== '$schema'));
}

function examplesOf(examples: readonly Example[] | undefined): object {
  if (examples === undefined || examples.length === 0) return {};
  return {
    examples: Object.fromEntries(
      examples.map(({ summary, body }, at) => [
        `example${String(at + 1)}`,
        { summary, value: body ?? {} },
      ]),
    ),
  };
}

/** Shown by an error that is made as any other. */
function errorResponse(dialect: Dialect): object {
  const error = new AppError(
    'INSUFFICIENT_CREDIT',
    'The account has no credit left for this call.',
  );
  const codes = Object.entries(ERROR_CODES).map(
    ([code, { status }]) => `${String(status)} ${code.toLowerCase()}`,
  );
  return {
    description: `An error, as clients of ${dialect.name} read it. Its codes: ${codes.join(', ')}.`,
    content: {
      'application/json': {
        schema: { type: 'object' },
        example: dialect.renderError(error, 'req_5f0c2a000001').body,
      },
    },
  };
}
