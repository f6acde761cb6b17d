import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { allowCompression } from '../http/compression.js';
import { createOpenApi, pathOf } from './openapi.js';
import type { Route } from './route.js';

export interface DocsOptions {
  /** Path before all addresses of the server, as of PUBLIC_URL: `/` or `/models`. */
  readonly pathPrefix: string;
  readonly version: string;
}

/** Stands for the address of the server where it is not known yet. */
const ADDRESS = '{address}';
const CACHE = 'public, max-age=300';

/** `/openapi.json`, a readable page of it at `/docs`, and `/llms.txt` for programs that read prose. */
export async function registerDocs(
  app: FastifyInstance,
  routes: readonly Route[],
  { pathPrefix, version }: DocsOptions,
): Promise<void> {
  const document = createOpenApi(routes, { url: ADDRESS, version });
  const [beforeUrl = '', afterUrl = ''] = JSON.stringify(document).split(JSON.stringify(ADDRESS));
  const jsonFor = (url: string) => beforeUrl + JSON.stringify(url) + afterUrl;
  const text = llmsText(routes);
  app.get('/openapi.json', { onRequest: allowCompression }, ({ publicUrl }, reply) =>
    reply
      .type('application/json; charset=utf-8')
      .header('cache-control', CACHE)
      .send(jsonFor(publicUrl)),
  );
  app.get('/llms.txt', { onRequest: allowCompression }, ({ publicUrl }, reply) =>
    reply
      .type('text/plain; charset=utf-8')
      .header('cache-control', CACHE)
      .send(text.replaceAll(ADDRESS, publicUrl)),
  );
  await app.register(async (scope) => {
    scope.addHook('onRequest', allowCompression);
    await scope.register(swagger, {
      mode: 'static',
      specification: { document: document as never },
    });
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      // Of the page's assets, where a proxy serves it below a path.
      indexPrefix: pathPrefix,
      staticCSP: true,
      transformSpecification: (described, { publicUrl }) => ({
        ...described,
        servers: [{ url: publicUrl }],
      }),
      transformSpecificationClone: false,
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
function llmsText(routes: readonly Route[]): string {
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

- [OpenAPI document](${ADDRESS}/openapi.json): every address, with schemas and examples
- [The same as a page](${ADDRESS}/docs)
- [GraphQL](${ADDRESS}/graphql): catalog, accounts, keys, credit, and \`classifyImage\`

${sections.join('\n\n')}
`;
}
