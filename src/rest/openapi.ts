import { z } from 'zod';
import { headerComponents, headerParameters } from './openapi-headers.js';
import { errorComponents, responsesOf } from './openapi-responses.js';
import { propertiesOf, schemaOf } from './openapi-schema.js';
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
      ...errorComponents(routes),
      ...headerComponents,
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
  const { operationId, tag, summary, description } = one;
  const isPublic = one.scope === 'public' && one.needsCaller !== true;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: isPublic ? [] : [{ key: [] }],
    parameters: [...pathParameters(one), ...queryParameters(one), ...headerParameters(one)],
    ...requestBodyOf(one),
    responses: responsesOf(one),
  };
}

function requestBodyOf(one: Route): object {
  const { body } = one;
  if (body === undefined) return {};
  return {
    requestBody: {
      // An empty body is read as {}.
      required: !body.safeParse({}).success,
      content: Object.fromEntries(
        mediaTypesOf(one, body).map(([type, schema]) => [
          type,
          { schema, ...(type === JSON_TYPE ? examplesOf(one.examples) : {}) },
        ]),
      ),
    },
  };
}

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'multipart/form-data';
const BYTES = { type: 'string', format: 'binary' };

/** What may be sent, by media type. */
function mediaTypesOf(
  { isForm, isUpload, fromForm, formFields, fromBytes }: Route,
  body: z.ZodType,
): [string, object][] {
  const schema = schemaOf(body, 'input');
  if (isForm === true) return [[FORM_TYPE, schema]];
  if (isUpload === true) {
    return [
      [FORM_TYPE, schema],
      ['image/*', BYTES],
      ['application/octet-stream', BYTES],
    ];
  }
  const ofForm = formFields !== undefined ? schemaOf(formFields, 'input') : schema;
  return [
    [JSON_TYPE, schema],
    ...(fromForm === undefined ? [] : [[FORM_TYPE, ofForm] as [string, object]]),
    ...(fromBytes === undefined ? [] : [['application/octet-stream', BYTES] as [string, object]]),
  ];
}

function pathParameters(one: Route): object[] {
  const names = [...pathOf(one).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const { properties: known } = propertiesOf(one.params);
  return names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: known[name] ?? known['*'] ?? { type: 'string' },
  }));
}

function queryParameters({ query }: Route): object[] {
  const { properties, required } = propertiesOf(query);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
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
