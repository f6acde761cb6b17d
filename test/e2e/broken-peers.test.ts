import { HubModels } from '../../src/catalog/index.js';
import { ImageDownloader } from '../../src/inference/index.js';
import { WebhookGateway } from '../../src/notifications/index.js';
import { newId } from '../../src/platform/ids.js';
import { createMailer } from '../../src/platform/mailer.js';
import { PredictorClient } from '../../src/predictor/client.js';
import { encodeResponse } from '../../src/predictor/protocol.js';
import {
  type BrokenPeer,
  startBrokenHttpPeer,
  startBrokenSmtpPeer,
} from '../support/broken-peer.js';
import { Random } from '../support/random.js';

/*
 * Servers that we call answer wrongly and break off. Whoever called is told; the process hears of nothing, or jest
 * would fail the test for an uncaught error. BROKEN_SEED chooses another sequence.
 */

const SEED = Number(process.env.BROKEN_SEED ?? 1);
const CALLS = 150;
const AT_ONCE = 5;
const ALLOW = ['127.0.0.1/32'];

const http = (head: string, body: Buffer | string) => {
  const bytes = Buffer.from(body);
  const length = `content-length: ${String(bytes.length)}`;
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${head}\r\n${length}\r\n\r\n`), bytes]);
};
const output = { type: 'float32', shape: [1, 4], data: new Float32Array(4) } as const;
const inferred = encodeResponse(
  'm',
  { id: undefined, binaryOutput: true },
  {
    out: output,
  },
);
const ANSWERS = [
  http('200 OK\r\ncontent-type: image/png', Buffer.alloc(50_000, 1)),
  http('200 OK\r\ncontent-type: application/json', '{"id":"a/b","sha":"x"}'),
  http('302 Found\r\nlocation: /again', 'moved'),
  http('404 Not Found', 'no'),
  http('500 Oh', 'x'.repeat(3_000)),
  http('503 Later\r\nretry-after: 0', ''),
  http('304 Same', ''),
  Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhel'),
  Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 9\r\ncontent-length: 8\r\n\r\nhello'),
  http(
    `200 OK\r\ninference-header-content-length: ${inferred.headers['inference-header-content-length'] ?? ''}`,
    inferred.body,
  ),
  Buffer.from('SSH-2.0-nobody\r\n'),
];

let peer: BrokenPeer | undefined;
afterEach(async () => {
  await peer?.close();
  peer = undefined;
});

/** Asks so many times, some together. @returns how often there was an answer, and how often a refusal */
async function ask(call: () => Promise<unknown>): Promise<{ answered: number; refused: number }> {
  let left = CALLS;
  const seen = { answered: 0, refused: 0 };
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await call().then(
        () => (seen.answered += 1),
        () => (seen.refused += 1),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return seen;
}

const urlOf = ({ port }: BrokenPeer) => `http://127.0.0.1:${String(port)}`;

test('a picture’s address that breaks off is the caller’s mistake, and nobody else’s', async () => {
  peer = await startBrokenHttpPeer(new Random(SEED), ANSWERS);
  const url = urlOf(peer);
  const downloader = new ImageDownloader({ bytesMax: 20_000, timeoutMs: 1_000, allow: ALLOW });
  const { refused } = await ask(() => downloader.download(url, AbortSignal.timeout(500)));
  expect(refused).toBeGreaterThan(0);
});

test('a webhook’s address that breaks off makes an outcome of each attempt', async () => {
  peer = await startBrokenHttpPeer(new Random(SEED), ANSWERS);
  const url = urlOf(peer);
  const gateway = new WebhookGateway({ allow: ALLOW, timeoutMs: 1_000 });
  const secrets = ['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'];
  const message = { id: 'msg_1', body: '{}', secrets, sentAt: new Date() };
  const signal = new AbortController().signal;
  expect(await ask(() => gateway.send(url, message, signal))).toEqual({
    answered: CALLS,
    refused: 0,
  });
});

test('a predictor that breaks off fails the calls that it has', async () => {
  peer = await startBrokenHttpPeer(new Random(SEED), ANSWERS);
  const url = urlOf(peer);
  const client = new PredictorClient(() => ({ url, token: undefined }));
  const input = { type: 'int64', shape: [1, 4], data: new BigInt64Array(4) } as const;
  const { refused } = await ask(() => client.infer('m', 'in', input, { timeoutMs: 1_000 }));
  await client.close();
  expect(refused).toBeGreaterThan(0);
});

test('a Hub that breaks off is asked again, and is away in the end', async () => {
  peer = await startBrokenHttpPeer(new Random(SEED), ANSWERS);
  const hub = new HubModels({ endpoint: urlOf(peer), token: undefined, backOffMs: 1 });
  const { refused } = await ask(() => hub.find('a/b', undefined));
  await hub.close();
  expect(refused).toBeGreaterThan(0);
});

test('a mail server that breaks off fails the mails that it has', async () => {
  peer = await startBrokenSmtpPeer(new Random(SEED));
  const smtpUrl = `smtp://127.0.0.1:${String(peer.port)}`;
  const mailer = createMailer({ smtpUrl, from: 'a <a@b.test>', outboxDir: '', timeoutMs: 2_000 });
  const mail = { to: 'c@d.test', subject: 'x', text: 'x'.repeat(2_000) };
  const { answered, refused } = await ask(() => mailer.send({ ...mail, id: newId('dlv') }));
  expect(answered).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
});
