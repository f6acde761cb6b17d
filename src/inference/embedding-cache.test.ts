import { EmbeddingCache } from './embedding-cache.js';

const vector = (seed: number) => Float32Array.of(seed, seed + 0.5);
/** Computes by the key's number, and remembers what it was asked for. */
function computer() {
  const asked: string[][] = [];
  const signals: AbortSignal[] = [];
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const compute = async (missing: readonly string[], signal: AbortSignal) => {
    asked.push([...missing]);
    signals.push(signal);
    await held;
    signal.throwIfAborted();
    return missing.map((key) => vector(Number(key)));
  };
  return { asked, signals, compute, letGo };
}

test('what was computed is kept, and asked for in the order of the keys', async () => {
  const cache = new EmbeddingCache(10_000);
  const { asked, compute, letGo } = computer();
  letGo();
  expect(await cache.getAll(['1', '2'], compute)).toEqual({
    vectors: [vector(1), vector(2)],
    cached: 0,
  });
  expect(await cache.getAll(['3', '2', '1'], compute)).toEqual({
    vectors: [vector(3), vector(2), vector(1)],
    cached: 2,
  });
  expect(asked).toEqual([['1', '2'], ['3']]);
  expect(cache.counts).toEqual({ hits: 2, shared: 0, misses: 3 });
});

test('one key several times is computed once', async () => {
  const cache = new EmbeddingCache(10_000);
  const { asked, compute, letGo } = computer();
  letGo();
  const { vectors } = await cache.getAll(['1', '1', '1'], compute);
  expect(vectors).toEqual([vector(1), vector(1), vector(1)]);
  expect(asked).toEqual([['1']]);
});

test('requests in flight for one key share its run', async () => {
  const cache = new EmbeddingCache(10_000);
  const { asked, compute, letGo } = computer();
  const both = [cache.getAll(['1', '2'], compute), cache.getAll(['2', '3'], compute)];
  letGo();
  const [a, b] = await Promise.all(both);
  expect(a?.vectors).toEqual([vector(1), vector(2)]);
  expect(b?.vectors).toEqual([vector(2), vector(3)]);
  expect(asked).toEqual([['1', '2'], ['3']]);
  expect(cache.counts.shared).toBe(1);
});

test('one who leaves does not stop the run that another waits for', async () => {
  const cache = new EmbeddingCache(10_000);
  const { signals, compute, letGo } = computer();
  const leaver = new AbortController();
  const leaving = cache.getAll(['1'], compute, leaver.signal);
  const staying = cache.getAll(['1'], compute);
  await Promise.resolve();
  leaver.abort(new Error('left'));
  await expect(leaving).rejects.toThrow('left');
  expect(signals[0]?.aborted).toBe(false);
  letGo();
  expect((await staying).vectors).toEqual([vector(1)]);
});

test('when nobody waits any more the run is broken off, and computed anew for the next', async () => {
  const cache = new EmbeddingCache(10_000);
  const first = computer();
  const leaver = new AbortController();
  const leaving = cache.getAll(['1'], first.compute, leaver.signal);
  await new Promise((resolve) => setImmediate(resolve));
  leaver.abort(new Error('left'));
  await expect(leaving).rejects.toThrow('left');
  await new Promise((resolve) => setImmediate(resolve));
  expect(first.signals[0]?.aborted).toBe(true);
  first.letGo();
  await new Promise((resolve) => setImmediate(resolve));

  const second = computer();
  second.letGo();
  expect((await cache.getAll(['1'], second.compute)).vectors).toEqual([vector(1)]);
});

test('a request after the last one left does not join the run that is being broken off', async () => {
  const cache = new EmbeddingCache(10_000);
  const first = computer();
  const leaver = new AbortController();
  const leaving = cache.getAll(['1'], first.compute, leaver.signal);
  await new Promise((resolve) => setImmediate(resolve));
  leaver.abort(new Error('left'));
  await expect(leaving).rejects.toThrow('left');
  const second = computer();
  second.letGo();
  const late = cache.getAll(['1'], second.compute);
  first.letGo();
  expect((await late).vectors).toEqual([vector(1)]);
});

test('a failure reaches everybody who waits, and is not kept', async () => {
  const cache = new EmbeddingCache(10_000);
  const broken = () => Promise.reject(new Error('broken'));
  const both = [cache.getAll(['1'], broken), cache.getAll(['1'], broken)];
  await Promise.all(both.map((one) => expect(one).rejects.toThrow('broken')));
  const { compute, letGo } = computer();
  letGo();
  expect((await cache.getAll(['1'], compute)).vectors).toEqual([vector(1)]);
});

test('stays within its bytes, and forgets the longest unused', async () => {
  const cache = new EmbeddingCache(2_000);
  const { asked, compute, letGo } = computer();
  letGo();
  for (let key = 0; key < 100; key++) {
    await cache.getAll(['0', String(key)], compute);
    expect(cache.bytes).toBeLessThanOrEqual(2_000);
  }
  expect(asked.flat().filter((key) => key === '0')).toHaveLength(1);
});

test('nothing is kept in no bytes, and the result is right all the same', async () => {
  const cache = new EmbeddingCache(0);
  const { asked, compute, letGo } = computer();
  letGo();
  for (let use = 0; use < 2; use++) {
    expect((await cache.getAll(['1'], compute)).vectors).toEqual([vector(1)]);
  }
  expect(asked).toHaveLength(2);
});
