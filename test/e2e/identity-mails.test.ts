import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { newId } from '../../src/platform/ids.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailsTo, SIGN_UP } from '../support/people.js';
import { until } from '../support/process.js';

/*
 * Attack: whoever asks for a link learns by the time of the answer whether an address is known, or gets an error only
 * for one that is.
 */

const RESET =
  'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }';
const MAGIC =
  'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }';

describe('a mail server that never answers', () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.add(socket);
  });
  let t: TestApp;
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const smtpUrl = `smtp://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    t = await startTestApp({
      config: { mail: { smtpUrl, from: 'test@localhost', outboxDir: '/nowhere' } },
    });
    await t.database.query(
      `INSERT INTO app_user (id, name, email, email_verified) VALUES ($1, 'x', 'known@example.org', true)`,
      [newId('usr')],
    );
  });
  afterAll(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await t.stop();
  });

  test.each([RESET, MAGIC, SIGN_UP])(
    'holds up no answer, of a known address or another: %s',
    async (query) => {
      for (const email of ['known@example.org', 'unknown@example.org']) {
        const { body } = await t.gql(query, { email });
        expect(Object.values(body.data as object)).toEqual([{ userErrors: [] }]);
      }
      // It has been asked, and has said nothing.
      await until('the mail server to be asked', () => sockets.size || undefined);
    },
  );
});

describe('the queue', () => {
  const folder = temporaryFolder();
  const outboxDir = path.join(folder.path, 'outbox');
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp({
      config: { mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir } },
    });
    mkdirSync(outboxDir);
  });
  afterAll(async () => {
    await t.stop();
    folder.remove();
  });
  /** No mail can be sent until it is called. */
  const breakMail = () => {
    rmSync(outboxDir, { recursive: true });
    writeFileSync(outboxDir, 'no folder');
    return () => {
      rmSync(outboxDir);
      mkdirSync(outboxDir);
    };
  };
  const rows = () =>
    t.database.query<{ email: string; attempts: number }>('SELECT * FROM identity_mail');
  const failed = (email: string) =>
    until('an attempt that failed', async () =>
      (await rows()).find((row) => row.email === email && row.attempts > 0),
    );

  test('sends what could not be sent once it can be, the newest only, and keeps nothing of it', async () => {
    const email = 'later@example.org';
    const mend = breakMail();
    await t.gql(SIGN_UP, { email });
    await failed(email);
    await t.gql(SIGN_UP, { email });
    await failed(email);
    expect(await rows()).toHaveLength(1);
    expect(t.log.join()).toContain('tried again later');
    expect(t.log.join()).not.toContain(email);
    mend();
    await until('the mail', () => mailsTo(outboxDir, email)[0]);
    await until('the queue to be empty', async () =>
      (await rows()).length === 0 ? true : undefined,
    );
    expect(mailsTo(outboxDir, email)).toHaveLength(1);
  });

  test('drops a mail after its last attempt', async () => {
    const mend = breakMail();
    await t.database.query(
      `INSERT INTO identity_mail (id, kind, email, attempts) VALUES ($1, 'magic-link', 'never@example.org', 5)`,
      [newId('mail')],
    );
    await t.app.services.identityMails.runOnce();
    await until('it to be dropped', async () => ((await rows()).length === 0 ? true : undefined));
    expect(t.log.join()).toContain('is dropped');
    mend();
  });

  test('sends a mail once, however many servers look', async () => {
    const email = 'once@example.org';
    await t.database.query(
      `INSERT INTO identity_mail (id, kind, email) VALUES ($1, 'magic-link', $2)`,
      [newId('mail'), email],
    );
    await Promise.all(Array.from({ length: 8 }, () => t.app.services.identityMails.runOnce()));
    await until('the queue to be empty', async () =>
      (await rows()).length === 0 ? true : undefined,
    );
    expect(mailsTo(outboxDir, email)).toHaveLength(1);
  });

  test('mails nothing to an address that nobody has, for a new password', async () => {
    await t.gql(RESET, { email: 'nobody@example.org' });
    await until('the queue to be empty', async () =>
      (await rows()).length === 0 ? true : undefined,
    );
    expect(mailsTo(outboxDir, 'nobody@example.org')).toEqual([]);
  });
});
