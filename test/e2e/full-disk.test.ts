import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { newId } from '../../src/platform/ids.js';
import { until } from '../support/process.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { mailsTo, SIGN_UP, signUp } from '../support/people.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';
import { mountedDisk, pretendedDisk, type SmallDisk } from '../support/small-disk.js';

const mounted = mountedDisk();
const DISKS: [string, SmallDisk | undefined][] = [
  ['a file system that is full', mounted],
  ['writes that fail', undefined],
];

/** The head of a PNG, and more bytes than fit. */
const PICTURE = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  Buffer.alloc(100_000, 1),
]);

const JOIN_WAITLIST =
  'mutation ($email: String!) { joinWaitlist(input: { email: $email, slug: "asked/for" }) { userErrors { code message path details } } }';
const RESET =
  'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }';

describe.each(DISKS.filter(([name, disk]) => disk !== undefined || name === 'writes that fail'))(
  '%s',
  (_name, given) => {
    let disk: SmallDisk;
    let uploads: string;
    let outbox: string;
    let t: TestApp;
    let caller: Caller;
    beforeAll(async () => {
      disk = given ?? pretendedDisk();
      uploads = path.join(disk.path, 'uploads');
      outbox = path.join(disk.path, 'outbox');
      t = await startTestApp({
        config: {
          uploads: { folder: uploads, ttlS: 3_600, accountBytesMax: 2 ** 30 },
          mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox },
        },
        background: false,
      });
      caller = await newCaller(t, 0n);
      await signUp({ url: t.url, outboxDir: outbox }, 'ada@example.org');
    });
    afterAll(async () => {
      await t.stop();
      disk.remove();
    });

    /** Does something while there is room for a part of a file only. */
    async function whileFull<T>(work: () => Promise<T>, roomBytes = 8_192): Promise<T> {
      disk.fill(roomBytes);
      try {
        return await work();
      } finally {
        disk.free();
      }
    }
    const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

    test.each([
      ['a body', () => ({ body: PICTURE, headers: { 'content-type': 'image/png' } })],
      [
        'a form',
        () => {
          const body = new FormData();
          body.append('purpose', 'vision');
          body.append('file', new Blob([PICTURE]), 'x.png');
          return { body, headers: {} };
        },
      ],
    ])('an upload as %s is 507 and leaves nothing', async (_kind, upload) => {
      const send = async () => {
        const { body, headers } = upload();
        const sent = { method: 'POST', body, headers: { ...bearer(caller.secret), ...headers } };
        const answer = await fetch(`${t.url}/v1/files`, sent);
        return { status: answer.status, text: await answer.text() };
      };
      const before = filesIn(uploads);
      const { status, text } = await whileFull(send);
      expect(status).toBe(507);
      expect(text).toContain('insufficient_storage');
      expect(text).not.toMatch(/ENOSPC|tmp/);
      expect(filesIn(uploads)).toEqual(before);
      expect((await send()).status).toBe(201);
    });

    test('the file of a batch is written later, whole, and nothing is left of the attempt', async () => {
      const lines = Array.from({ length: 1_000 }, () => `${'x'.repeat(100)}\n`);
      async function* content() {
        yield* await Promise.resolve(lines);
      }
      const id = newId('file');
      const write = () =>
        t.app.services.uploads.write(caller.accountId, {
          id,
          filename: 'out.jsonl',
          content: content(),
        });
      const before = filesIn(uploads);
      await expect(whileFull(write)).rejects.toMatchObject({ code: 'INSUFFICIENT_STORAGE' });
      expect(filesIn(uploads)).toEqual(before);
      await write();
      const upload = await t.app.services.uploads.get(caller.accountId, id);
      expect((await t.app.services.uploads.read(upload)).toString()).toBe(lines.join(''));
    });

    // An error would say who has an account; and the queue tries again.
    test.each([
      ['signing up', SIGN_UP, 'carol@example.org'],
      ['a new password', RESET, 'ada@example.org'],
      ['the waitlist', JOIN_WAITLIST, 'dave@example.org'],
    ])(
      'the mail for %s leaves nothing half-written, and comes when there is room',
      async (_for, query, email) => {
        const drafts = filesIn(outbox);
        const failures = () =>
          t.log.filter((line) => line.includes('a mail could not be sent')).length;
        const before = failures();
        const sent = mailsTo(outbox, email).length;
        await whileFull(async () => {
          expect(errorOf(await t.gql(query, { email }))).toBeUndefined();
          await until('the mail to fail', () => failures() > before || undefined);
        }, 0);
        expect(filesIn(outbox)).toEqual(drafts);
        await until('the mail', async () => {
          await t.app.services.mailQueue.runOnce();
          return mailsTo(outbox, email).length > sent || undefined;
        });
      },
    );
  },
);

test('a full disk of the database is 507', async () => {
  const t = await startTestApp({ background: false });
  const { secret } = await newCaller(t, 0n, { scopes: ['INFERENCE', 'READ', 'ADMIN'] });
  await t.database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$`);
  await t.database.query(
    'CREATE TRIGGER full_disk BEFORE INSERT ON api_key FOR EACH ROW EXECUTE FUNCTION refuse()',
  );
  const answer = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(secret) },
    body: JSON.stringify({
      query:
        'mutation { createApiKey(input: { name: "k" }) { secret userErrors { code message path details } } }',
    }),
  });
  const text = await answer.text();
  expect(answer.status).toBe(507);
  expect(text).toContain('INSUFFICIENT_STORAGE');
  expect(text).not.toContain('extend');
  await t.stop();
});
