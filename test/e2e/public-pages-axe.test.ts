import { source as axe } from 'axe-core';
import type { Browser } from 'playwright-core';
import { startTestApp, type TestApp } from '../support/app.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';

const PAGES = [
  '/',
  '/models',
  '/models?q=nothing-is-called-this',
  '/models/timm/ViT-SO400M-14-SigLIP-384',
  '/models/gigarouter/demo-shapes',
  '/models/nobody/nothing',
  '/compare?m=openai/clip-vit-base-patch32&m=gigarouter/demo-shapes',
  '/demand',
  '/status',
];
const WIDTHS = [1_440, 390];
const THEMES = ['light', 'dark'] as const;
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Findings {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

describeInChromium('public pages in Chromium', () => {
  let server: TestApp;
  let browser: Browser;

  beforeAll(async () => {
    server = await startTestApp();
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  test.each(PAGES)('%s: accessible, in its width, nothing from elsewhere', async (path) => {
    const findings: string[] = [];
    for (const width of WIDTHS) {
      for (const colorScheme of THEMES) {
        const where = `${String(width)} ${colorScheme}`;
        // axe is put into the page, which its policy would refuse.
        const page = await browser.newPage({
          viewport: { width, height: 900 },
          colorScheme,
          bypassCSP: true,
        });
        page.on('request', (request) => {
          if (!request.url().startsWith(server.url)) findings.push(`${where}: ${request.url()}`);
        });
        await page.goto(server.url + path);
        const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        if (Number(excess) > 0) findings.push(`${where}: ${String(excess)} px too wide`);
        await page.evaluate(axe);
        const result = await page.evaluate<Findings>(
          `axe.run(document, { runOnly: ${JSON.stringify(TAGS)} })`,
        );
        for (const { id, nodes } of result.violations) {
          findings.push(
            `${where}: ${id}: ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`,
          );
        }
        await page.close();
      }
    }
    expect(findings).toEqual([]);
  });

  test('nothing that the policy refuses, and no word in the console', async () => {
    const page = await browser.newPage();
    const words: string[] = [];
    page.on('console', (message) => words.push(message.text()));
    page.on('pageerror', (error) => words.push(error.message));
    for (const path of PAGES.filter((one) => !one.includes('nobody')))
      await page.goto(server.url + path);
    expect(words).toEqual([]);
  });
});
