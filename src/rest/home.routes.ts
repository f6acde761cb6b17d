import type { FastifyInstance } from 'fastify';
import { pageHeaders, prefersPage } from '../http/browser.js';
import { StaticAnswer } from '../http/static-answer.js';
import { varyBy } from '../http/vary.js';
import { escapeHtml } from '../platform/html.js';

/** Where the page leads: address, relative so that a path before it does not matter; name; what is there. */
const LINKS = [
  [
    'graphql',
    'GraphQL explorer',
    'Catalog, accounts, credit, usage and inference. Run queries in the browser.',
  ],
  [
    'docs',
    'REST reference',
    'Endpoints for the clients of OpenAI, Hugging Face, OpenRouter and others.',
  ],
  ['schema.graphql', 'GraphQL schema', 'Every type, field and argument, as SDL.'],
  ['openapi.json', 'OpenAPI document', 'The REST endpoints, for code generators.'],
  ['llms.txt', 'llms.txt', 'The endpoints as text, for language models.'],
  ['readyz', 'Status', 'Whether the server is ready to take requests.'],
] as const;

const STYLE = `
:root{color-scheme:light dark;--text:#1a1a1a;--faint:#5a5f69;--page:#fafafa;--card:#fff;--line:#d9dce1;--link:#1a4fd6}
@media(prefers-color-scheme:dark){:root{--text:#eceef1;--faint:#a3a9b5;--page:#15171b;--card:#1e2127;--line:#343a44;--link:#8ab0ff}}
*{box-sizing:border-box}
body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--text);background:var(--page)}
main{max-width:60rem;margin:0 auto;padding:clamp(2rem,8vh,5rem) 1.25rem 3rem}
h1{margin:0;font-size:clamp(1.8rem,5vw,2.6rem);letter-spacing:-.02em}
h2{margin:2.5rem 0 .75rem;font-size:1.1rem}
p{margin:.5rem 0 0;max-width:42rem;color:var(--faint)}
ul{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(17rem,100%),1fr));gap:.9rem;margin:2rem 0 0;padding:0;list-style:none}
li{position:relative;padding:1rem 1.1rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
li:hover,li:focus-within{border-color:var(--link)}
a{color:var(--link);font-weight:600;text-decoration:none}
a::after{position:absolute;inset:0;content:""}
a:focus-visible{outline:none}
li:focus-within{outline:2px solid var(--link);outline-offset:2px}
li p{margin:.2rem 0 0;font-size:.93rem}
pre{margin:0;padding:1rem 1.1rem;overflow-x:auto;font:14px/1.5 ui-monospace,monospace;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
`;

export interface HomeOptions {
  /** Whether the schema is published. */
  readonly introspection: boolean;
}

/** Serves `/` to browsers: what this is, and where everything is. No script, and nothing from elsewhere. */
export function registerHome(app: FastifyInstance, options: HomeOptions): void {
  const headers = pageHeaders({ 'style-src': "'unsafe-inline'", 'img-src': "'self'" });
  let page: { readonly url: string; readonly answer: StaticAnswer } | undefined;
  const pageAt = (url: string) => {
    if (page?.url !== url) {
      const html = pageOf(options, url);
      page = {
        url,
        answer: new StaticAnswer(html, {
          contentType: 'text/html; charset=utf-8',
          maxAgeS: 0,
          headers,
        }),
      };
    }
    return page.answer;
  };
  app.get('/', (request, reply) => {
    varyBy(reply, 'Accept');
    if (prefersPage(request)) return pageAt(request.publicUrl).send(request, reply);
    reply.callNotFound();
    return reply;
  });
}

function pageOf({ introspection }: HomeOptions, publicUrl: string): string {
  const cards = LINKS.filter(([address]) => introspection || address !== 'schema.graphql').map(
    ([address, name, text]) => `<li><a href="${address}">${name}</a><p>${text}</p></li>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gigarouter</title>
<link rel="icon" href="graphql/explorer/icon.svg">
<style>${STYLE}</style>
<main>
<h1>gigarouter</h1>
<p>A model platform: find a model in the catalog, buy credit, call it, and pay for exactly what ran. This server runs
zero-shot image classification and embeddings (SigLIP).</p>
<ul>
${cards.join('\n')}
</ul>
<h2>A first query</h2>
<pre><code>curl -s ${escapeHtml(publicUrl)}/graphql -H 'content-type: application/json' \\
  -d '{"query":"{ models(first: 3) { edges { node { slug name status } } } }"}'</code></pre>
</main>
</html>
`;
}
