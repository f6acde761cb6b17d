import { INT8_PROBE_ROW } from '../siglip/onnx/int8-probe.js';
import { chooseInt8Kernels, type Int8Kernels, type RunInt8Probe } from './int8-kernels.js';

const EXACT = 1;
/** Pairs of 255 · 127 that stop at 32,767. */
const SATURATED = 32_767 / (2 * 255 * 127);

/** A processor whose kernels give these shares of the right result. */
function processor(shares: Record<Int8Kernels, number | ((rows: number) => number)>): RunInt8Probe {
  return (kernels, rows) => {
    const share = shares[kernels];
    const factor = typeof share === 'number' ? share : share(rows);
    const row = INT8_PROBE_ROW.map((wanted) => wanted * factor);
    return Promise.resolve(Float32Array.from(Array.from({ length: rows }, () => row).flat()));
  };
}

test('native kernels are chosen where they are exact', async () => {
  expect(await chooseInt8Kernels(processor({ native: EXACT, conservative: EXACT }))).toBe('native');
});

test('conservative kernels are chosen where native ones saturate', async () => {
  expect(await chooseInt8Kernels(processor({ native: SATURATED, conservative: EXACT }))).toBe(
    'conservative',
  );
});

test.each([1, 8])(
  'conservative kernels are chosen where only products of %d rows saturate',
  async (rows) => {
    const native = (n: number) => (n === rows ? SATURATED : EXACT);
    expect(await chooseInt8Kernels(processor({ native, conservative: EXACT }))).toBe(
      'conservative',
    );
  },
);

test.each([SATURATED, NaN, 0])(
  'a processor on which neither is exact is refused (%d)',
  async (share) => {
    await expect(
      chooseInt8Kernels(processor({ native: share, conservative: share })),
    ).rejects.toThrow('This processor does not compute 8-bit products exactly.');
  },
);

test('a probe that gives nothing is not exact', async () => {
  await expect(chooseInt8Kernels(() => Promise.resolve(new Float32Array()))).rejects.toThrow();
});
