import fc from 'fast-check';
import { Batcher, type BatchRules } from './batcher.js';
import { sliceRows, type Tensor } from './tensor.js';

const never = new AbortController().signal;

/** A graph that doubles each number; runs are held until they are let go. */
function heldExecutor(rules: Partial<BatchRules> = {}) {
  const runs: { graph: string; rows: number[]; letGo: (error?: Error) => void }[] = [];
  const batcher = new Batcher(
    (graph, input) =>
      new Promise((resolve, reject) => {
        const numbers = Array.from(input.data as Float32Array);
        const data = Float32Array.from(numbers, (value) => value * 2);
        runs.push({
          graph,
          rows: numbers,
          letGo: (error) => {
            if (error) reject(error);
            else resolve({ ...input, data });
          },
        });
      }),
    { rowsMax: 4, delayMs: 0, queueMax: 8, ...rules },
    { ran: () => undefined },
  );
  const submit = (
    rows: number[],
    over: { graph?: string; signal?: AbortSignal; alone?: true } = {},
  ) =>
    batcher
      .submit({
        graph: over.graph ?? 'g',
        input: { type: 'float32', shape: [rows.length, 1], data: Float32Array.from(rows) },
        rowsAreIndependent: over.alone !== true,
        signal: over.signal ?? never,
      })
      .then(({ data }) => Array.from(data as Float32Array));
  /** Lets the run that goes on end, and waits until what follows has begun. */
  const endRun = async (error?: Error) => {
    runs.at(-1)?.letGo(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { batcher, runs, submit, endRun };
}

test('what waits runs together, in order, and everybody gets their own rows', async () => {
  const { runs, submit, endRun } = heldExecutor();
  const first = submit([1]);
  const others = [submit([2, 3]), submit([4])];
  await endRun();
  await endRun();
  expect(await first).toEqual([2]);
  expect(await Promise.all(others)).toEqual([[4, 6], [8]]);
  expect(runs.map(({ rows }) => rows)).toEqual([[1], [2, 3, 4]]);
});

test('any mix of requests gets its own rows back, whatever the sizes', async () => {
  const sizes = fc.array(
    fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 9 }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), async (requests, rowsMax) => {
      const batcher = new Batcher(
        (_graph, input) => Promise.resolve(input),
        { rowsMax, delayMs: 0, queueMax: 8 },
        {
          ran: (_graph, rows) => {
            expect(rows).toBeLessThanOrEqual(rowsMax);
          },
        },
      );
      const answers = await Promise.all(
        requests.map((rows) =>
          batcher.submit({
            graph: 'g',
            input: { type: 'float32', shape: [rows.length, 1], data: Float32Array.from(rows) },
            rowsAreIndependent: true,
            signal: never,
          }),
        ),
      );
      expect(answers.map(({ data }) => Array.from(data as Float32Array))).toEqual(requests);
      expect(batcher.size).toBe(0);
    }),
  );
});

test('rows that would change each other run one by one', async () => {
  const { runs, submit, endRun } = heldExecutor();
  const both = [submit([1, 2], { alone: true }), submit([3], { alone: true })];
  for (let run = 0; run < 3; run++) await endRun();
  expect(await Promise.all(both)).toEqual([[2, 4], [6]]);
  expect(runs.map(({ rows }) => rows)).toEqual([[1], [2], [3]]);
});

test('graphs do not mix', async () => {
  const { runs, submit, endRun } = heldExecutor();
  const all = [submit([1]), submit([2], { graph: 'h' }), submit([3]), submit([4], { graph: 'h' })];
  for (let run = 0; run < 3; run++) await endRun();
  await Promise.all(all);
  expect(runs.map(({ graph, rows }) => [graph, rows])).toEqual([
    ['g', [1]],
    ['h', [2, 4]],
    ['g', [3]],
  ]);
});

test('a request with many rows lets others in between', async () => {
  const { runs, submit, endRun } = heldExecutor({ rowsMax: 2 });
  const large = submit([1, 2, 3, 4, 5, 6]);
  const small = submit([7]);
  for (let run = 0; run < 4; run++) await endRun();
  expect(await small).toEqual([14]);
  expect(await large).toEqual([2, 4, 6, 8, 10, 12]);
  expect(runs.findIndex(({ rows }) => rows.includes(7))).toBe(2);
});

test('one more than the queue holds is refused before anything is done', async () => {
  const { runs, submit, endRun } = heldExecutor({ queueMax: 2 });
  const accepted = [submit([1]), submit([2])];
  await expect(submit([3])).rejects.toMatchObject({
    code: 'OVERLOADED',
    details: { retryAfterS: expect.any(Number) as number },
  });
  await endRun();
  await endRun();
  expect(await Promise.all(accepted)).toEqual([[2], [4]]);
  expect(runs.flatMap(({ rows }) => rows)).not.toContain(3);
  // And there is room again.
  const later = submit([4]);
  await endRun();
  expect(await later).toEqual([8]);
});

test('who leaves while waiting is never run', async () => {
  const { batcher, runs, submit, endRun } = heldExecutor();
  const leaver = new AbortController();
  const first = submit([1]);
  const second = submit([2], { signal: leaver.signal });
  const third = submit([3]);
  leaver.abort(new Error('left'));
  await expect(second).rejects.toThrow('left');
  await endRun();
  await endRun();
  expect(await Promise.all([first, third])).toEqual([[2], [6]]);
  expect(runs.flatMap(({ rows }) => rows)).toEqual([1, 3]);
  expect(batcher.size).toBe(0);
});

test('who leaves while running harms nobody in the same run', async () => {
  const { submit, endRun } = heldExecutor();
  const leaver = new AbortController();
  const first = submit([1]);
  const both = [submit([2], { signal: leaver.signal }), submit([3])] as const;
  await endRun();
  leaver.abort(new Error('left'));
  await expect(both[0]).rejects.toThrow('left');
  await endRun();
  expect(await both[1]).toEqual([6]);
  expect(await first).toEqual([2]);
});

test('who has left already is not queued', async () => {
  const { runs, submit } = heldExecutor();
  await expect(submit([1], { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow(
    'left',
  );
  expect(runs).toEqual([]);
});

test('a run that fails fails those in it, and the next run goes on', async () => {
  const { batcher, submit, endRun } = heldExecutor();
  const first = submit([1]);
  const second = submit([2]);
  const failed = expect(first).rejects.toThrow('broken');
  await endRun(new Error('broken'));
  await failed;
  await endRun();
  expect(await second).toEqual([4]);
  expect(batcher.size).toBe(0);
});

test('a delay waits for company, and a full run does not wait', () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
  try {
    const { runs, submit } = heldExecutor({ delayMs: 50, rowsMax: 3 });
    void submit([1]);
    void submit([2]);
    expect(runs).toHaveLength(0);
    void submit([3]);
    expect(runs.map(({ rows }) => rows)).toEqual([[1, 2, 3]]);
  } finally {
    jest.useRealTimers();
  }
});

test('rows are cut without copying', () => {
  const tensor: Tensor = { type: 'uint8', shape: [3, 2], data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  expect(sliceRows(tensor, 1, 3)).toEqual({
    type: 'uint8',
    shape: [2, 2],
    data: Uint8Array.of(3, 4, 5, 6),
  });
  expect(sliceRows(tensor, 1, 2).data.buffer).toBe(tensor.data.buffer);
});
