import { startTestApp, type TestApp } from '../support/app.js';

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({
    seeded: false,
    env: { PUBLIC_URL: 'https://models.example.org/router' },
  });
});

afterAll(() => server.stop());

test.each([
  ['/', 'No model can be called yet'],
  ['/models', 'No model fits'],
  ['/demand', 'Nothing is waiting'],
  ['/status', 'No model can be called yet'],
])(
  '%s says that there is nothing yet, and links below the path of PUBLIC_URL',
  async (path, text) => {
    const response = await fetch(server.url + path);
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(html).toContain(text);
    const links = [...html.matchAll(/(?:href|action)="(\/[^"]*)"/g)].map(([, link]) => link);
    expect(links.filter((link) => link?.startsWith('/router/') !== true)).toEqual([]);
    expect(html).toContain('<link rel="canonical" href="https://models.example.org/router/');
  },
);
