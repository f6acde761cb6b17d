import path from 'node:path';
import { createLogger } from '../../src/platform/logger.js';
import { PredictorChild } from '../../src/predictor/child.js';
import { PredictorClient } from '../../src/predictor/client.js';
import type { Tensor } from '../../src/predictor/tensor.js';
import { modelsFolder } from '../support/model.js';
import { childrenOf, processesNaming, until } from '../support/process.js';

const TEXT = 'test--micro.fp32.text';
const IMAGE = 'test--micro.fp32.image';
const ONE_TEXT: Tensor = { type: 'int64', shape: [1, 64], data: new BigInt64Array(64) };
const IMAGES: Tensor = {
  type: 'uint8',
  shape: [300, 76, 76, 3],
  data: new Uint8Array(300 * 76 * 76 * 3),
};
const WAIT = { timeoutMs: 120_000 };

let folder: Awaited<ReturnType<typeof modelsFolder>>;
beforeAll(async () => {
  folder = await modelsFolder();
});
afterAll(() => {
  folder.remove();
});

describe('the child of an api', () => {
  const start = async (env: Record<string, string> = {}) => {
    const log: string[] = [];
    const child = new PredictorChild({
      args: [path.resolve(import.meta.dirname, '../../dist/cli.js'), 'predictor', '--port', '0'],
      logger: createLogger('error', { write: (line) => log.push(line) }),
      env: {
        PATH: process.env.PATH,
        MODELS_DIR: folder.path,
        PREDICTOR_THREADS: '1',
        LOG_LEVEL: 'silent',
        ...env,
      },
      stopTimeoutMs: 5_000,
    });
    await child.start();
    const client = new PredictorClient(child.address, child.retryAfterS);
    const pid = () =>
      childrenOf(process.pid).filter((id) => processesNaming('cli.js').includes(id));
    return { child, client, log, pid };
  };
  test('is killed and comes back, with requests refused meanwhile and none lost after', async () => {
    const { child, client, pid, log } = await start();
    try {
      expect((await client.infer(TEXT, 'input_ids', ONE_TEXT, WAIT)).shape).toEqual([1, 96]);
      const [victim] = pid();
      const inFlight = client.infer(IMAGE, 'pixel_values', IMAGES, WAIT);
      const lost = expect(inFlight).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
      await until('it to run', async () => {
        const { url, token } = child.address() ?? { url: '', token: '' };
        const headers = { authorization: `Bearer ${token ?? ''}` };
        const text = await (await fetch(`${url}/metrics`, { headers })).text();
        return text.includes('predictor_queue_size 1') ? true : undefined;
      });
      if (victim === undefined) throw new Error('There is no child.');
      process.kill(victim, 'SIGKILL');
      await lost;
      await until('the address to be gone', () =>
        child.address() === undefined ? true : undefined,
      );
      // As long as the start before took.
      await expect(client.infer(TEXT, 'input_ids', ONE_TEXT, WAIT)).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        details: { retryAfterS: child.retryAfterS() },
      });
      expect(child.retryAfterS()).toBeGreaterThanOrEqual(1);
      await until('it to be back', () => child.address());
      expect((await client.infer(TEXT, 'input_ids', ONE_TEXT, WAIT)).shape).toEqual([1, 96]);
      expect(pid()[0]).not.toBe(victim);
      expect(log.join('')).toContain('started again');
    } finally {
      await client.close();
      await child.stop();
    }
    expect(pid()).toEqual([]);
  });

  test('that cannot be started is tried again, and does not take the api with it', async () => {
    // More than any system hands to a process.
    const { child, log } = await start({ MUCH: 'x'.repeat(16 * 2 ** 20) });
    try {
      await until('a second attempt', () => (log.length >= 2 ? true : undefined));
      expect(log[0]).toContain('E2BIG');
      expect(child.address()).toBeUndefined();
    } finally {
      await child.stop();
    }
  });

  test('nobody else gets in: its secret is its own', async () => {
    const { child, client } = await start();
    try {
      const { url } = child.address() ?? { url: '' };
      expect(new URL(url).hostname).toBe('127.0.0.1');
      expect((await fetch(`${url}/v2`)).status).toBe(401);
    } finally {
      await client.close();
      await child.stop();
    }
  });
});
