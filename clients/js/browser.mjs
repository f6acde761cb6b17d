// A page of another origin, and the explorer, in Chromium. Started by `npm run test:clients`.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';
import { check, key, model, picture, runChecks, url } from './check.mjs';

const browser = await chromium.launch({
  executablePath: process.env.GIGAROUTER_CHROMIUM,
  args: ['--no-sandbox'],
});

/** A page whose address has another port, and so another origin. */
async function pageElsewhere() {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>elsewhere</title>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  return { page, close: () => page.close().then(() => server.close()) };
}

check(
  'playwright-core',
  'a page of another origin queries, classifies, subscribes, uploads',
  async () => {
    const { page, close } = await pageElsewhere();
    const seen = await page.evaluate(
      async ({ url, key, model, base64 }) => {
        const authorization = { authorization: `Bearer ${key}` };
        const json = { ...authorization, 'content-type': 'application/json' };
        const query = await fetch(`${url}/graphql`, {
          method: 'POST',
          headers: json,
          body: JSON.stringify({ query: '{ account { balance { postedNanos } } }' }),
        });
        const { data } = await query.json();
        const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
        const form = new FormData();
        form.set('purpose', 'vision');
        form.set('file', new Blob([bytes], { type: 'image/png' }), 'a.png');
        const upload = await fetch(`${url}/v1/files`, {
          method: 'POST',
          headers: authorization,
          body: form,
        });
        const { id } = await upload.json();
        const classify = async (labels) => {
          const answer = await fetch(`${url}/v1/classify`, {
            method: 'POST',
            headers: json,
            body: JSON.stringify({ model, input: [id], labels }),
          });
          return { cost: answer.headers.get('x-gigarouter-cost'), ...(await answer.json()) };
        };
        const classified = await classify(['red circle', 'green heart']);
        const changed = await new Promise((resolve, reject) => {
          const socket = new WebSocket(
            url.replace('http', 'ws') + '/graphql',
            'graphql-transport-ws',
          );
          socket.onerror = () => reject(new Error('The socket failed.'));
          socket.onopen = () =>
            socket.send(JSON.stringify({ type: 'connection_init', payload: authorization }));
          let timer;
          socket.onmessage = ({ data: text }) => {
            const message = JSON.parse(text);
            if (message.type === 'connection_ack') {
              const payload = {
                query: 'subscription { balanceChanged { balance { postedNanos } } }',
              };
              socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
              timer = setInterval(() => classify([`label ${Math.random()}`]), 1_000);
            }
            if (message.type !== 'next') return;
            clearInterval(timer);
            socket.close();
            resolve(message.payload.data.balanceChanged.balance);
          };
        });
        return { balance: data.account.balance, upload: upload.status, classified, changed };
      },
      { url, key, model, base64: picture.toString('base64') },
    );
    assert.equal(seen.upload, 201);
    assert.equal(seen.classified.data[0].label, 'green heart');
    assert.ok(seen.classified.cost && seen.balance.postedNanos && seen.changed.postedNanos);
    await close();
  },
);

check('playwright-core', 'the explorer loads from here alone, and runs a query', async () => {
  const page = await browser.newPage();
  const elsewhere = [];
  page.on('request', (request) => {
    if (!/^(?:data|blob):/.test(request.url()) && !request.url().startsWith(url)) {
      elsewhere.push(request.url());
    }
  });
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(
    `${url}/graphql?query=${encodeURIComponent('{ models(first: 1) { totalCount } }')}`,
  );
  await page.locator('.graphiql-execute-button').click({ timeout: 60_000 });
  await page.locator('.graphiql-response').getByText('totalCount').first().waitFor();
  assert.deepEqual([elsewhere, errors], [[], []]);
  await page.close();
});

await runChecks([]);
await browser.close();
process.exit();
