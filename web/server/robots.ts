import { Sitemap, type SitemapQuery } from '../src/features/catalog/sitemap.operation.js';
import type { Execute } from '../src/graphql/operation.js';
import { load, PageError } from '../src/ui/view.js';
import type { PublicPage } from './page.js';

/** Protocol of sitemaps: 50,000 addresses a file. */
const PAGES_MAX = 500;

const PATHS = ['/', '/models', '/demand', '/status'];

/** robots.txt: all pages but the answers of the API, and addresses that filter the catalog. */
export function robots(url: string): string {
  const base = new URL(url).pathname.replace(/\/$/, '');
  const hidden = ['/models?', '/compare', '/graphql', '/v1/', '/api/'];
  const lines = hidden.map((path) => `Disallow: ${base}${path}`);
  return ['User-agent: *', ...lines, `Sitemap: ${url}/sitemap.xml`, ''].join('\n');
}

/** sitemap.xml: every page, and that of every model; empty with its status when the API has no answer. */
export async function sitemap(url: string, execute: Execute): Promise<PublicPage> {
  try {
    const slugs = await allSlugs(execute);
    return { status: 200, html: toXml(url, slugs), maxAge: 60 };
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    return { status: error.status, html: '', maxAge: 0 };
  }
}

async function allSlugs(execute: Execute): Promise<readonly string[]> {
  const slugs: string[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { models }: SitemapQuery = await load(execute, Sitemap, { after });
    slugs.push(...(models?.nodes ?? []).map(({ slug }) => slug));
    after = models?.pageInfo.endCursor ?? null;
    if (models?.pageInfo.hasNextPage !== true) break;
  }
  return slugs;
}

function toXml(url: string, slugs: readonly string[]): string {
  const paths = [...PATHS, ...slugs.map((slug) => `/models/${slug}`)];
  const entries = paths.map((path) => `<url><loc>${escapeXml(url + path)}</loc></url>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${entries.join('\n')}\n</urlset>\n`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.codePointAt(0) ?? 0)};`);
}
