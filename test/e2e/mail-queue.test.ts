import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { newId } from '../../src/platform/ids.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailsTo, type Person, SIGN_UP, signUp } from '../support/people.js';
import { type Caller, newCaller } from '../support/platform.js';
import { until } from '../support/process.js';

/*
 * Attack: whoever asks for a link learns by the time of the answer whether an address is known, gets an error only for
 * one that is, or has to wait for the mail server; and a mail is lost with the server that was to send it.
 */

const RESET =
  'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }';
const MAGIC =
  'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }';

const JOIN =
  'mutation ($email: String!) { joinWaitlist(input: { email: $email, slug: "asked/for" }) { userErrors { code message path details } } }';
const INVITE =
  'mutation ($email: String!) { inviteMember(input: { email: $email, role: VIEWER }) { userErrors { code message path details } } }';

/** A key that may invite to an organization of its own. */
async function organization(t: TestApp): Promise<Caller> {
  const caller = await newCaller(t, 0n, { scopes: ['ADMIN', 'READ'] });
  await t.database.query(`UPDATE account SET kind = 'ORGANIZATION' WHERE id = $1`, [
    caller.accountId,
  ]);
  return caller;
}

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

  test.each([RESET, MAGIC, SIGN_UP, JOIN, INVITE])(
    'holds up no answer, of a known address or another: %s',
    async (query) => {
      const caller = await organization(t);
      for (const email of ['known@example.org', 'unknown@example.org']) {
        const { body } = await caller.gql(query, { email });
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
    t.database.query<{ email: string; attempts: number }>('SELECT * FROM queued_mail');
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

  test.each([
    ['magic-link', 5],
    ['invitation', 9],
  ])('drops a mail after its last attempt: %s', async (kind, attempts) => {
    const mend = breakMail();
    const caller = await organization(t);
    await caller.gql(INVITE, { email: 'never@example.org' });
    await failed('never@example.org');
    await t.database.query(
      `UPDATE queued_mail SET kind = $1, attempts = $2, due_at = db_now() WHERE email = 'never@example.org'`,
      [kind, attempts],
    );
    await t.app.services.mailQueue.runOnce();
    await until('it to be dropped', async () => ((await rows()).length === 0 ? true : undefined));
    expect(t.log.join()).toContain('is dropped');
    mend();
  });

  test('sends a mail once, however many servers look', async () => {
    const email = 'once@example.org';
    await t.database.query(
      `INSERT INTO queued_mail (id, kind, email) VALUES ($1, 'magic-link', $2)`,
      [newId('mail'), email],
    );
    await Promise.all(Array.from({ length: 8 }, () => t.app.services.mailQueue.runOnce()));
    await until('the queue to be empty', async () =>
      (await rows()).length === 0 ? true : undefined,
    );
    expect(mailsTo(outboxDir, email)).toHaveLength(1);
  });

  describe('an invitation', () => {
    const ACCEPT =
      'mutation ($token: String!) { acceptInvitation(input: { token: $token }) { userErrors { code } } }';
    const accept = async (person: Person, token: string | undefined) =>
      (await person.gql(ACCEPT, { token })).body.data.acceptInvitation.userErrors as unknown[];
    const invitationsTo = (email: string) =>
      mailsTo(outboxDir, email).filter(({ subject }) => subject.includes('invited'));
    const open = `SELECT id FROM invitation WHERE account_id = $1 AND revoked_at IS NULL`;

    test('is stored with its mail, which comes once it can be sent, and the link works', async () => {
      const guest = await signUp({ url: t.url, outboxDir }, 'guest@example.org');
      const { gql, accountId } = await organization(t);
      const mend = breakMail();
      expect(errorOf(await gql(INVITE, { email: guest.email }))).toBeUndefined();
      await failed(guest.email);
      expect(await t.database.query(open, [accountId])).toHaveLength(1);
      mend();
      const { token } = await until('the mail', () => invitationsTo(guest.email)[0]);
      expect(await accept(guest, token)).toEqual([]);
    });

    test('that is sent twice has one link that works, the later one', async () => {
      const guest = await signUp({ url: t.url, outboxDir }, 'twice@example.org');
      const { gql, accountId } = await organization(t);
      await gql(INVITE, { email: guest.email });
      await until('the mail', () => invitationsTo(guest.email)[0]);
      const [invitation] = await t.database.query<{ id: string }>(open, [accountId]);
      // As by a server that died before it wrote down that the mail is sent.
      await t.database.query(
        `INSERT INTO queued_mail (id, kind, email, about) VALUES ($1, 'invitation', $2, $3)`,
        [newId('mail'), guest.email, invitation?.id],
      );
      const [first, second] = await until('the second mail', () => {
        const mails = invitationsTo(guest.email);
        return mails.length === 2 ? mails : undefined;
      });
      expect(await accept(guest, first?.token)).toEqual([{ code: 'NOT_FOUND' }]);
      expect(await accept(guest, second?.token)).toEqual([]);
    });

    test('that is withdrawn before its mail is sent is not mailed', async () => {
      const email = 'withdrawn@example.org';
      const { gql, accountId } = await organization(t);
      const mend = breakMail();
      await gql(INVITE, { email });
      await failed(email);
      await t.database.query('UPDATE invitation SET revoked_at = db_now() WHERE account_id = $1', [
        accountId,
      ]);
      mend();
      await until('the queue to be empty', async () =>
        (await rows()).length === 0 ? true : undefined,
      );
      expect(mailsTo(outboxDir, email)).toEqual([]);
    });

    test('of each account is mailed, also to the same address at once', async () => {
      const email = 'wanted@example.org';
      const mend = breakMail();
      for (const { gql } of [await organization(t), await organization(t)]) {
        await gql(INVITE, { email });
      }
      await until('both', async () => (await rows()).length === 2 || undefined);
      mend();
      await until('both mails', () => mailsTo(outboxDir, email).length === 2 || undefined);
    });
  });

  test('mails nothing to an address that nobody has, for a new password', async () => {
    await t.gql(RESET, { email: 'nobody@example.org' });
    await until('the queue to be empty', async () =>
      (await rows()).length === 0 ? true : undefined,
    );
    expect(mailsTo(outboxDir, 'nobody@example.org')).toEqual([]);
  });
});
