import { request } from 'node:http';
import { startMailViewer, type MailViewer } from '../../src/mail-viewer/mail-viewer.js';
import { createMailer } from '../../src/platform/mailer.js';
import { temporaryFolder } from '../support/folder.js';

const outbox = temporaryFolder();
const mailer = createMailer({
  smtpUrl: undefined,
  from: 'gigarouter <no-reply@localhost>',
  outboxDir: outbox.path,
});
let viewer: MailViewer;
beforeAll(async () => {
  viewer = await startMailViewer({ outboxDir: outbox.path, port: 0 });
});
afterAll(async () => {
  await viewer.stop();
  outbox.remove();
});

const get = async (path: string) => {
  const answer = await fetch(viewer.url + path);
  return { status: answer.status, headers: answer.headers, html: await answer.text() };
};
const linksOf = (html: string) =>
  [...html.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&#38;', '&'));

// Longer than a line of a mail, with characters that quoted-printable writes as several.
const LINK = `http://localhost:4000/auth/magic-link?token=${'a=b'.repeat(60)}&next=%2Fkeys`;

test('an empty outbox is no error', async () => {
  expect(await get('/')).toMatchObject({ status: 200, html: expect.stringContaining('No mail') });
});

test('a mail is listed, and its link is whole', async () => {
  await mailer.send({ to: 'ada@example.org', subject: 'Résumé', text: `À lire:\n\n${LINK}\n` });
  const list = await get('/');
  expect(list.html).toContain('ada@example.org');
  const [mail = ''] = linksOf(list.html);
  const { status, html, headers } = await get(mail);
  expect(status).toBe(200);
  expect(html).toContain('<h1>Résumé</h1>');
  expect(html).toContain('À lire');
  expect(linksOf(html)).toContain(LINK);
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('cache-control')).toBe('no-store');
});

test('the newest mail comes first', async () => {
  await mailer.send({ to: 'ada@example.org', subject: 'later', text: 'x' });
  expect((await get('/')).html).toMatch(/later[\s\S]*Résumé/);
});

test('what a mail says is shown as text', async () => {
  const attack = '<script>alert(1)</script>" onmouseover="x';
  await mailer.send({
    id: 'dlv_attack',
    to: 'eve@example.org',
    subject: attack,
    text: `${attack} http://x/"><img src=x onerror=y> javascript:alert(1)`,
  });
  for (const { html } of [await get('/'), await get('/mails/dlv_attack')]) {
    expect(html).not.toContain('<script');
    expect(html).not.toContain('<img');
    expect(linksOf(html).filter((href) => href.startsWith('javascript:'))).toEqual([]);
  }
});

test.each([['..%2F..%2F1'], ['%2e%2e%2f'], ['%00'], ['nothing']])(
  'there is no mail %s',
  async (id) => {
    expect((await get(`/mails/${id}`)).status).toBe(404);
  },
);

test('a name longer than any file’s is refused', async () => {
  expect((await get(`/mails/${'a'.repeat(5_000)}`)).status).toBeGreaterThanOrEqual(400);
});

test('no other name than this machine’s opens it', async () => {
  const { port } = new URL(viewer.url);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request(
      { host: '127.0.0.1', port, headers: { host: `rebound.example.org:${port}` } },
      (answer) => {
        resolve(answer.statusCode);
        answer.resume();
      },
    )
      .on('error', reject)
      .end();
  });
  expect(status).toBe(403);
});
