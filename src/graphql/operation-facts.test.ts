import { answerHead, type OperationFacts } from './operation-facts.js';

const headOf = (data: Record<string, unknown> | null, code: string) =>
  answerHead(
    { data, errors: [{ message: 'No.', extensions: { code } }] },
    { cacheMaxAgeS: 0 } as OperationFacts,
    { accountId: undefined },
  ).status;

test.each([[null], [{ inviteMember: null }], [{ account: { runs: null } }]])(
  'an operation that there was no room for has the status of its code: %j',
  (data) => {
    expect(headOf(data, 'OVERLOADED')).toBe(503);
    expect(headOf(data, 'INSUFFICIENT_STORAGE')).toBe(507);
    expect(headOf(data, 'FORBIDDEN')).toBeUndefined();
  },
);

test.each([[{ a: null, b: { id: 'x' } }], [{ account: { runs: null, apiKeys: [] } }]])(
  'but not where a part of it was done: %j',
  (data) => {
    expect(headOf(data, 'INSUFFICIENT_STORAGE')).toBeUndefined();
  },
);

test('what a mutation has done is in its answer, although the next one could not reach what it needs', () => {
  const errors = [{ message: 'No.', extensions: { code: 'UPSTREAM_UNAVAILABLE' } }];
  const facts = { isMutation: true, cacheMaxAgeS: 0 } as OperationFacts;
  const caller = { accountId: undefined };
  const done = { data: { a: { secret: 'gr-x' }, b: null }, errors };
  expect(answerHead(done, facts, caller).status).toBeUndefined();
  expect(done.data).toBeDefined();
  expect(answerHead({ data: { a: null }, errors }, facts, caller).status).toBe(503);
  expect(answerHead({ ...done }, { ...facts, isMutation: false }, caller).status).toBe(503);
});
