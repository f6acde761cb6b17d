import { AppError, type ErrorCode } from '../errors.js';
import { answerLine, isHopeless, retryOf } from './batch-line.js';

const failed = (code: ErrorCode, attempts: number) =>
  retryOf(new AppError(code, 'It failed.'), { attempts });

test('what has no room or is away is waited for, and is no try', () => {
  for (const code of ['OVERLOADED', 'UPSTREAM_UNAVAILABLE', 'INSUFFICIENT_STORAGE'] as const) {
    expect(failed(code, 99)).toEqual({ afterMs: 5_000, counts: false });
  }
});

test('what takes too long or breaks is tried four times', () => {
  for (const code of ['DEADLINE_EXCEEDED', 'INTERNAL'] as const) {
    expect([1, 2, 3, 4].map((attempts) => failed(code, attempts) !== undefined)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  }
});

test('what is wrong stays wrong', () => {
  for (const code of ['BAD_USER_INPUT', 'MODEL_NOT_LIVE', 'CONFLICT', 'NOT_FOUND'] as const) {
    expect(failed(code, 1)).toBeUndefined();
  }
});

test('a line that was begun four times and never ended is given up', () => {
  expect([4, 5].map((attempts) => isHopeless({ attempts }))).toEqual([false, true]);
});

test('a line of a file has all that OpenAI’s have, null where there is nothing', () => {
  const line = { runId: 'run_1', customId: 'a' } as const;
  expect(JSON.parse(answerLine(line, { response: { status: 200, body: { x: 1 } } }))).toEqual({
    id: 'batch_req_1',
    custom_id: 'a',
    response: { status_code: 200, request_id: 'run_1', body: { x: 1 } },
    error: null,
  });
  const error = { code: 'batch_expired', message: 'Too late.' };
  expect(JSON.parse(answerLine(line, { error }))).toEqual({
    id: 'batch_req_1',
    custom_id: 'a',
    response: null,
    error,
  });
});
