import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { StaticAnswer } from '../http/static-answer.js';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
};

const YEAR_S = 31_536_000;

/**
 * Serves the files of the pages. The name of each has the hash of its content, so that it never changes.
 * @param folder what web/build.mjs made
 * @returns path of the stylesheet
 */
export async function registerAssets(app: FastifyInstance, folder: string): Promise<string> {
  const names = await readdir(path.join(folder, 'assets'));
  const config = { anonymousLimit: 'none' } as const;
  for (const name of names) {
    const contentType = TYPES[path.extname(name)];
    if (contentType === undefined) throw new Error(`No media type for ${name}.`);
    const content = await readFile(path.join(folder, 'assets', name));
    const answer = new StaticAnswer(content, {
      contentType,
      maxAgeS: YEAR_S,
      headers: { 'cross-origin-resource-policy': 'same-origin' },
      isImmutable: true,
    });
    app.get(`/assets/${name}`, { config }, (request, reply) => answer.send(request, reply));
  }
  const icon = new StaticAnswer(await readFile(path.join(folder, 'icon.svg')), {
    contentType: 'image/svg+xml',
    maxAgeS: 3_600,
    // Its style follows the theme.
    headers: { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" },
  });
  app.get('/icon.svg', { config }, (request, reply) => icon.send(request, reply));
  const stylesheet = names.find((name) => name.startsWith('public-') && name.endsWith('.css'));
  if (stylesheet === undefined) throw new Error(`${folder} has no stylesheet: build web first.`);
  return `/assets/${stylesheet}`;
}
