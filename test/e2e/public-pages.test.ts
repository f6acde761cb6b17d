import { startTestApp, type TestApp } from '../support/app.js';

const SIGLIP = 'timm/ViT-SO400M-14-SigLIP-384';
const PAGES = [
  '/',
  '/models',
  '/models?q=siglip&owner=google&size=small&order=NAME',
  '/models?q=nothing-is-called-this',
  `/models/${SIGLIP}`,
  '/models/gigarouter/demo-shapes',
  '/compare',
  '/compare?m=openai/clip-vit-base-patch32&m=gigarouter/demo-shapes',
  '/demand',
  '/status',
];

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp();
});

afterAll(() => server.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, { redirect: 'manual', headers });

async function post(fields: Record<string, string>, headers: Record<string, string> = {}) {
  return fetch(`${server.url}/requests`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: server.url, ...headers },
    body: new URLSearchParams(fields),
  });
}

describe.each(PAGES)('%s', (path) => {
  test('is a whole page that runs no script, under its own policy', async () => {
    const response = await get(path);
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('public, max-age=60');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("style-src 'self'");
    expect(policy).not.toMatch(/script-src|unsafe/);
    expect(html).toMatch(/<title>[^<]*gigarouter[^<]*<\/title>/);
    expect(html.match(/<h1/g)).toHaveLength(1);
    expect(html.replaceAll('<script type="application/ld+json">', '')).not.toContain('<script');
    // Attributes that a strict policy refuses.
    expect(html).not.toMatch(/ style="| on[a-z]+="/);
  });

  test('leads to pages that exist', async () => {
    const html = await (await get(path)).text();
    const links = [...html.matchAll(/(?:href|action)="(\/[^"#]*)/g)].map(([, link]) =>
      (link ?? '').replaceAll('&amp;', '&'),
    );
    expect(links.length).toBeGreaterThan(5);
    for (const link of new Set(links)) {
      if (link === '/requests') continue;
      const { status } = await get(link, { accept: 'text/html' });
      expect([link, status]).toEqual([link, 200]);
    }
  });
});

test('a page that was rendered lately is not sent again to who has it', async () => {
  const first = await get('/models');
  const etag = first.headers.get('etag') ?? '';
  const again = await get('/models', { 'if-none-match': etag });
  expect(again.status).toBe(304);
});

test('the stylesheet and the font never change under their names', async () => {
  const html = await (await get('/')).text();
  const [, stylesheet = ''] = /<link rel="stylesheet" href="([^"]+)"/.exec(html) ?? [];
  const css = await get(stylesheet);
  expect(css.status).toBe(200);
  expect(css.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const [, font = ''] = /url\("?\.\/([^")]+\.woff2)/.exec(await css.text()) ?? [];
  const woff = await get(`/assets/${font}`);
  expect([woff.status, woff.headers.get('content-type')]).toEqual([200, 'font/woff2']);
});

describe('a model page', () => {
  test('shows the facts in the order of the catalog, and asks whether it is wanted', async () => {
    const html = await (await get(`/models/${SIGLIP}`)).text();
    const order = ['coming soon', '<h1', SIGLIP, 'published', 'API providers', 'Specs', 'About'];
    const rest = ['Best for', 'Questions', 'Not yet live', 'Related models', 'compare all'];
    const body = html.slice(html.indexOf('<main'));
    let at = 0;
    for (const text of [...order, ...rest]) {
      const found = body.indexOf(text, at);
      expect([text, found > -1]).toEqual([text, true]);
      at = found;
    }
    expect(html).toContain(`<link rel="canonical" href="${server.url}/models/${SIGLIP}"/>`);
    expect(html).toContain('property="og:title"');
  });

  test('of a live model says what it costs', async () => {
    const html = await (await get('/models/gigarouter/demo-shapes')).text();
    expect(html).toContain('$0.0002');
    expect(html).toContain('$0.20');
    expect(html).not.toContain('Not yet live');
  });

  test('of an alias is at its own address', async () => {
    const response = await get('/models/timm/vit-so400m-14-siglip-384');
    expect(response.status).toBe(308);
    expect(response.headers.get('location')).toBe(`${server.url}/models/${SIGLIP}`);
  });

  test('of no model is a page with a way on', async () => {
    const response = await get('/models/nobody/nothing');
    const html = await response.text();
    expect(response.status).toBe(404);
    expect(html).toContain('name="q"');
    expect(html).toContain('value="nothing"');
  });

  test.each(['/models/', '/models/siglip', '/models/a/b/c', '/nothing', '//', '/%3Cscript%3E'])(
    'of the mistyped address %s is a page with a way on, for people',
    async (path) => {
      const response = await get(path, { accept: 'text/html,*/*;q=0.8' });
      const html = await response.text();
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('allow')).toBeNull();
      expect(html).toContain('name="q"');
      expect(html).not.toContain('<script>');
      const program = await get(path, { accept: '*/*' });
      expect(program.headers.get('content-type')).toMatch(/^application\/json/);
    },
  );

  test('shows HTML and addresses of scripts in texts as what they are', async () => {
    await server.app.database.query(`UPDATE model SET about = $1, name = $2 WHERE slug = $3`, [
      '<script>alert(1)</script> [a](javascript:alert(2)) ![b](https://elsewhere.example/x.png)',
      '</script><img src=x> مرحبا 🙂',
      'apple/MobileCLIP-S2-OpenCLIP',
    ]);
    const html = await (await get('/models/apple/MobileCLIP-S2-OpenCLIP?fresh')).text();
    expect(html.replaceAll('<script type="application/ld+json">', '')).not.toContain('<script');
    expect(html).not.toMatch(/<img|javascript:alert\(2\)"/);
    expect(html).toContain('مرحبا 🙂');
  });
});

describe('the catalog', () => {
  test('narrows by its address, and keeps the rest of it', async () => {
    const html = await (await get('/models?owner=google&status=COMING_SOON')).text();
    expect(html).toContain('siglip-base-patch16-224');
    expect(html).not.toContain('>openai/clip-vit-base-patch32<');
    expect(html).toContain('<input type="hidden" name="owner" value="google"/>');
    expect(html).toContain('href="/models?status=COMING_SOON"');
  });

  test('pages', async () => {
    const html = await (await get('/models')).text();
    const [, next = ''] = /href="([^"]+after=[^"]+)"/.exec(html) ?? [];
    const second = await get(next.replaceAll('&amp;', '&'));
    expect(second.status).toBe(200);
    expect(await second.text()).not.toContain('rel="next');
  });

  test('takes a cursor that is none for a mistake of the address', async () => {
    const response = await get('/models?after=nonsense');
    expect(response.status).toBe(400);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

test('a comparison shows what a page shows as code', async () => {
  const slugs = ['google/siglip-so400m-patch14-384', 'openai/clip-vit-base-patch32'];
  const html = await (await get(`/compare?${slugs.map((slug) => `m=${slug}`).join('&')}`)).text();
  expect(html).toContain('<code>gigarouter models pull');
  expect(html).not.toContain('`');
});

describe('asking for a model', () => {
  test('by mail sends the mail and says so', async () => {
    const response = await post({ slug: SIGLIP, email: 'a@example.org', useCase: 'photos' });
    expect(response.status).toBe(303);
    const location = response.headers.get('location') ?? '';
    expect(location).toBe(`${server.url}/models/${SIGLIP}?sent=mailed#ask`);
    const html = await (await fetch(location)).text();
    expect(html).toContain('Check your mail');
  });

  test('by mail, which does not count yet, leaves the pages that were rendered', async () => {
    const board = async () => (await get('/demand?kept')).text();
    const before = await board();
    await server.app.database.query(`UPDATE model SET name = 'Renamed' WHERE slug = $1`, [SIGLIP]);
    expect((await post({ slug: SIGLIP, email: 'd@example.org' })).status).toBe(303);
    expect(await board()).toBe(before);
  });

  test('without an address keeps what was entered', async () => {
    const response = await post({ slug: SIGLIP, email: '', useCase: 'my <photos>' });
    const html = await response.text();
    expect(response.status).toBe(422);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(html).toContain('role="alert"');
    expect(html).toContain('my &lt;photos&gt;</textarea>');
  });

  test('for a model of the Hub leads back to the board', async () => {
    const response = await post({
      huggingFaceUrl: 'https://huggingface.co/google/siglip-base-patch16-512',
      email: 'b@example.org',
    });
    expect(response.headers.get('location')).toBe(`${server.url}/demand?sent=mailed#ask`);
  });

  test('from another site is refused', async () => {
    const response = await post(
      { slug: SIGLIP, email: 'c@example.org' },
      { origin: 'https://evil.example' },
    );
    expect(response.status).toBe(403);
  });
});

test('robots.txt names the sitemap, which names every page', async () => {
  const robots = await (await get('/robots.txt')).text();
  expect(robots).toContain(`Sitemap: ${server.url}/sitemap.xml`);
  const sitemap = await (await get('/sitemap.xml')).text();
  expect(sitemap).toContain(`<loc>${server.url}/models/${SIGLIP}</loc>`);
  expect(sitemap.match(/<loc>/g)).toHaveLength(25);
});

test('clients of Hugging Face still call a model at the address of its page', async () => {
  const response = await fetch(`${server.url}/models/gigarouter/demo-shapes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: 'red circle' }),
  });
  expect(response.status).toBe(401);
});
