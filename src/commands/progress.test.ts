import { MEGABYTES, paceOf } from './progress.js';

test.each([
  ['nothing yet', { done: 0, left: 5e6 }, 2_000, ''],
  ['too early to say', { done: 1e6, left: 5e6 }, 499, ''],
  ['seconds', { done: 10e6, left: 50e6 }, 2_000, ', 5.0 MB/s, 10 s left'],
  ['minutes', { done: 10e6, left: 650e6 }, 2_000, ', 5.0 MB/s, 2 min 10 s left'],
  ['done', { done: 10e6, left: 0 }, 2_000, ', 5.0 MB/s'],
])('speed and time left: %s', (_name, amounts, elapsedMs, text) => {
  expect(paceOf(amounts, elapsedMs, MEGABYTES)).toBe(text);
});
