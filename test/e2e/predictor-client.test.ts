import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PredictorClient } from '../../src/predictor/client.js';
import type { Tensor } from '../../src/predictor/tensor.js';

const TEXT: Tensor = { type: 'int64', shape: [1, 64], data: new BigInt64Array(64) };
const WAIT = { timeoutMs: 120_000 };

describe('a predictor that misbehaves', () => {
  const serve = async (
    answer: (
      body: Buffer,
    ) => { status: number; headers?: Record<string, string>; body?: string } | 'cut',
  ) => {
    let asked = 0;
    const server = createServer((request, response) => {
      asked += 1;
      request.resume().on('end', () => {
        const reply = answer(Buffer.alloc(0));
        if (reply === 'cut') response.destroy();
        else response.writeHead(reply.status, reply.headers).end(reply.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const client = new PredictorClient(() => ({
      url: `http://127.0.0.1:${String(port)}`,
      token: undefined,
    }));
    return {
      client,
      port,
      asked: () => asked,
      stop: async () => {
        await client.close();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  };

  test.each<
    [string, { status: number; headers?: Record<string, string>; body?: string } | 'cut', string]
  >([
    ['cuts the connection', 'cut', 'UPSTREAM_UNAVAILABLE'],
    ['answers 500', { status: 500, body: 'secret' }, 'INTERNAL'],
    ['answers 429 as Triton does', { status: 429 }, 'OVERLOADED'],
    ['answers 503 with a time', { status: 503, headers: { 'retry-after': '7' } }, 'OVERLOADED'],
    ['answers 503 without one', { status: 503 }, 'UPSTREAM_UNAVAILABLE'],
    ['answers something else', { status: 200, body: '<html>' }, 'BAD_REQUEST'],
    [
      'answers other rows',
      {
        status: 200,
        body: '{"outputs":[{"name":"o","datatype":"FP32","shape":[2,1],"data":[1,2]}]}',
      },
      'UPSTREAM_UNAVAILABLE',
    ],
  ])('%s: a code, and nothing is sent twice', async (_name, answer, code) => {
    const predictor = await serve(() => answer);
    try {
      await expect(predictor.client.infer('m', 'i', TEXT, WAIT)).rejects.toMatchObject({
        code,
        message: expect.not.stringContaining('secret') as string,
      });
      expect(predictor.asked()).toBe(1);
    } finally {
      await predictor.stop();
    }
  });

  test('does not answer at all: the deadline ends it', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const client = new PredictorClient(() => ({
      url: `http://127.0.0.1:${String(port)}`,
      token: undefined,
    }));
    await expect(client.infer('m', 'i', TEXT, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('is not there: asked again, as nothing can have run, then given up', async () => {
    const predictor = await serve(() => ({ status: 200 }));
    const { port } = predictor;
    await predictor.stop();
    let asked = 0;
    const client = new PredictorClient(() => {
      asked += 1;
      return { url: `http://127.0.0.1:${String(port)}`, token: undefined };
    });
    await expect(client.infer('m', 'i', TEXT, WAIT)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    expect(asked).toBeGreaterThan(1);
    await client.close();
  });
});
