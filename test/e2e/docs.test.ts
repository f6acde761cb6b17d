import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { CLASSIFY, fresh, input } from '../support/classify.js';
import { type Caller, startPlatform, type TestPlatform } from '../support/platform.js';
import { until } from '../support/process.js';

/** Examples of the documents that go on until they are ended. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

function example(file: string, language: string): string {
  const text = readFileSync(path.join(ROOT, 'docs', file), 'utf8');
  const found = new RegExp('^```' + language + '\\n([\\s\\S]*?)^```$', 'm').exec(text)?.[1];
  if (found === undefined) throw new Error(`docs/${file} has no example in ${language}.`);
  return found;
}

/** @returns what it has printed so far */
function start(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): () => string {
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  return () => out;
}
const startNode = (code: string, env: Record<string, string>) =>
  start(process.execPath, ['--input-type=module', '--eval', code], env);

describe('live updates', () => {
  let t: TestPlatform;
  let caller: Caller;
  beforeAll(async () => {
    t = await startPlatform();
    caller = await t.caller(1_000_000_000n);
  });
  afterAll(() => t.stop());
  const here = (code: string) =>
    code.replace(/(http|ws):\/\/localhost:4000/, (_, scheme: string) =>
      t.url.replace('http', scheme),
    );

  test('a program hears the balance', async () => {
    const printed = startNode(here(example('live.md', 'js')), { KEY: caller.secret });
    expect(await until('the balance', () => /^\d+\n/.exec(printed())?.[0])).toBe('1000000000\n');
  });

  test('curl hears a call', async () => {
    const printed = start('bash', ['-c', here(example('live.md', 'sh'))], { KEY: caller.secret });
    await until('the call', async () => {
      await caller.gql(CLASSIFY, input({ labels: fresh(1) }));
      return printed().includes('"runFinished":{"run":{"id":"run_') ? true : undefined;
    });
  });
});

test('a webhook is received once, and refused when it is not signed', async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  const code = example('webhooks.md', 'js').replace('.listen(3000)', `.listen(${String(port)})`);
  const printed = startNode(code, { WEBHOOK_SECRET: secret });
  const body = JSON.stringify({ type: 'webhook.test', data: { message: 'hello' } });
  const now = new Date();
  const send = (signature: string) =>
    fetch(`http://127.0.0.1:${String(port)}/hook`, {
      method: 'POST',
      body,
      headers: {
        'webhook-id': 'one',
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': signature,
      },
    }).then(
      ({ status }) => status,
      () => undefined,
    );
  const signature = new Webhook(secret).sign('one', now, body);
  expect(await until('the receiver', () => send(signature))).toBe(204);
  expect(await send(signature)).toBe(204);
  expect(await send('v1,AAAA')).toBe(400);
  expect(printed()).toBe("webhook.test { message: 'hello' }\n");
});
