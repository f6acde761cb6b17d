import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { allowCompression } from '../http/compression.js';
import { createOpenApi, pathOf } from './openapi.js';
import type { Route } from './route.js';

export interface DocsOptions {
  /** Where people reach the server. */
  readonly publicUrl: string;
  readonly version: string;
}

const CACHE = 'public, max-age=300';

/** `/openapi.json`, a readable page of it at `/docs`, and `/llms.txt` for programs that read prose. */
export async function registerDocs(
  app: FastifyInstance,
  routes: readonly Route[],
  { publicUrl, version }: DocsOptions,
): Promise<void> {
  const document = createOpenApi(routes, { url: publicUrl, version });
  const json = JSON.stringify(document);
  const text = llmsText(routes, publicUrl);
  app.get('/openapi.json', { onRequest: allowCompression }, (_request, reply) =>
    reply.type('application/json; charset=utf-8').header('cache-control', CACHE).send(json),
  );
  app.get('/llms.txt', { onRequest: allowCompression }, (_request, reply) =>
    reply.type('text/plain; charset=utf-8').header('cache-control', CACHE).send(text),
  );
  await app.register(async (scope) => {
    scope.addHook('onRequest', allowCompression);
    await scope.register(swagger, {
      mode: 'static',
      specification: { document: document as never },
    });
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      // The page may be served without TLS, on a machine of one's own.
      transformStaticCSP: (header) => header.replace(/\s*upgrade-insecure-requests;?/, ''),
      uiConfig: {
        layout: 'BaseLayout',
        deepLinking: true,
        defaultModelsExpandDepth: -1,
        docExpansion: 'list',
      },
      theme: { title: 'gigarouter API' },
    });
  });
}

/** As llmstxt.org has it: what this is, and where everything is. */
function llmsText(routes: readonly Route[], publicUrl: string): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))];
  const sections = tags.map((tag) => {
    const lines = routes
      .filter((one) => one.tag === tag)
      .map((one) => `- \`${one.method} ${pathOf(one)}\`: ${one.summary}`);
    return `## ${tag}\n\n${[...new Set(lines)].join('\n')}`;
  });
  return `# gigarouter

> Zero-shot image classification and embeddings (SigLIP), paid from prepaid credit, in the dialects of OpenAI,
> Hugging Face, OpenRouter and others. A call that fails is free; nobody spends what they do not have.

Send \`authorization: Bearer gr-…\`. Errors are in the shape of each dialect. \`Idempotency-Key\` makes a call safe
to send again.

- [OpenAPI document](${publicUrl}/openapi.json): every address, with schemas and examples
- [The same as a page](${publicUrl}/docs)
- [GraphQL](${publicUrl}/graphql): catalog, accounts, keys, credit, and \`classifyImage\`

${sections.join('\n\n')}
`;
}
