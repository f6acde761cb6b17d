import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import OpenAI from 'openai';
import { DEMO_MODEL, sample, startPlatform, type TestPlatform } from '../support/platform.js';
import { freePort } from '../support/port.js';
import { until } from '../support/process.js';

/** The Portkey gateway in front of this server: to other people's gateways it is one more OpenAI. */

const PROGRAM = path.resolve('node_modules/@portkey-ai/gateway/build/start-server.js');
let t: TestPlatform;
let gateway: ChildProcess;
let gatewayUrl: string;
beforeAll(async () => {
  t = await startPlatform();
  gatewayUrl = await until('the gateway to be up', startGateway, 100_000);
});
afterAll(async () => {
  gateway.kill('SIGKILL');
  await t.verify();
  await t.stop();
});

/** It takes no port that the system chooses: should somebody else be quicker at the one given, it ends. */
async function startGateway(): Promise<string | undefined> {
  const port = await freePort();
  gateway = spawn(process.execPath, [PROGRAM, `--port=${String(port)}`, '--headless'], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH ?? '' },
  });
  const url = `http://127.0.0.1:${String(port)}`;
  return until('the gateway to be up, or to end', async () => {
    const answer = await fetch(url).catch(() => undefined);
    if (gateway.exitCode !== null) return { url: undefined };
    return (await answer?.text())?.includes('Gateway') === true ? { url } : undefined;
  }).then(({ url: ready }) => ready);
}

const clientOf = (apiKey: string) =>
  new OpenAI({
    apiKey,
    baseURL: `${gatewayUrl}/v1`,
    maxRetries: 0,
    defaultHeaders: {
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${t.url}/v1`,
    },
  });

test('embeddings pass through it, and are charged once', async () => {
  const { secret, accountId } = await t.caller(1_000_000_000n);
  const create = (client: OpenAI) =>
    client.embeddings.create({ model: DEMO_MODEL, input: ['a red circle', 'a green heart'] });
  const through = await create(clientOf(secret));
  const directly = await create(new OpenAI({ apiKey: secret, baseURL: `${t.url}/v1` }));
  expect(through.data).toEqual(directly.data);
  expect(through.data[0]?.embedding.length).toBeGreaterThan(16);
  const { runs } = await t.app.services.usage.list(accountId, { first: 10, after: undefined });
  expect(runs.map(({ chargedNanos }) => chargedNanos).sort()).toEqual([0n, 200_000n]);
});

test('a question about an image passes through it, in chunks too', async () => {
  const { secret } = await t.caller(1_000_000_000n);
  const question = {
    model: DEMO_MODEL,
    messages: [
      {
        role: 'user' as const,
        content: [
          { type: 'text' as const, text: 'What is it: red circle or green heart?' },
          {
            type: 'image_url' as const,
            image_url: { url: `data:image/png;base64,${sample('green-heart.png')}` },
          },
        ],
      },
    ],
  };
  const client = clientOf(secret);
  const whole = await client.chat.completions.create(question);
  expect(whole.choices[0]?.message.content).toBe('green heart');
  let text = '';
  for await (const chunk of await client.chat.completions.create({ ...question, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? '';
  }
  expect(text).toBe('green heart');
});

test('a refusal keeps its status on the way', async () => {
  const { secret } = await t.caller(0n);
  const call = clientOf(secret).embeddings.create({
    model: DEMO_MODEL,
    input: 'never embedded yet',
  });
  await expect(call).rejects.toMatchObject({ status: 402 });
  const wrong = clientOf('gr-wrong').embeddings.create({ model: DEMO_MODEL, input: 'x' });
  await expect(wrong).rejects.toMatchObject({ status: 401 });
});
