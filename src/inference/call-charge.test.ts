import type { PriceUnit } from '../catalog/index.js';
import type { RunId } from '../platform/ids.js';
import { chargeOf } from './call-charge.js';

const RUN: RunId = 'run_now';
const BEFORE: RunId = 'run_before';

const line = (unit: PriceUnit, nanosPerUnit: string, requested: number) => ({
  unit,
  priceVersionId: 'prc_1',
  nanosPerUnit,
  requested,
});
const use = (unit: PriceUnit, key: string, isKept = true) => ({ unit, key, isKept });
const LINES = [line('IMAGE', '200', 2), line('LABEL_TEXT', '10', 2)];

test('what the account has not paid for is charged, and is its own from then on', () => {
  const used = [use('IMAGE', 'i'), use('LABEL_TEXT', 'a'), use('LABEL_TEXT', 'b')];
  const charge = chargeOf({ runId: RUN, lines: LINES, used, payers: new Map([['a', BEFORE]]) });
  expect(charge).toMatchObject({
    nanos: 210n,
    pays: ['i', 'b'],
    paidBy: { [BEFORE]: 1 },
    free: [false, true, false],
  });
  expect(charge.units.map(({ ran }) => ran)).toEqual([1, 1]);
});

test('what a call repeats is paid once, by itself, whoever paid for the first', () => {
  const used = [use('IMAGE', 'i'), use('IMAGE', 'i')];
  const first = chargeOf({ runId: RUN, lines: LINES, used, payers: new Map() });
  expect(first).toMatchObject({
    nanos: 200n,
    pays: ['i'],
    paidBy: { [RUN]: 1 },
    free: [false, true],
  });
  const again = chargeOf({ runId: RUN, lines: LINES, used, payers: new Map([['i', BEFORE]]) });
  expect(again).toMatchObject({ nanos: 0n, pays: [], paidBy: { [BEFORE]: 1, [RUN]: 1 } });
});

test('what is not kept, and what has no price, is charged and not owned', () => {
  const lines = [line('IMAGE', '0', 1), line('LABEL_TEXT', '10', 1)];
  const used = [use('IMAGE', 'i'), use('LABEL_TEXT', 'a', false)];
  expect(chargeOf({ runId: RUN, lines, used, payers: new Map() })).toMatchObject({
    nanos: 10n,
    pays: [],
    paidBy: {},
    free: [false, false],
  });
});
