import { AccountTurns } from './account-turns.js';

const ONE = 'acct_one';
const OTHER = 'acct_other';
const { signal: never } = new AbortController();

/** Work that ends when it is told to. */
function work() {
  let end: (failure?: Error) => void = () => undefined;
  const done = new Promise<string>((resolve, reject) => {
    end = (failure) => {
      if (failure === undefined) resolve('done');
      else reject(failure);
    };
  });
  let begun = false;
  const begin = () => {
    begun = true;
    return done;
  };
  return { begin, end, hasBegun: () => begun };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('one account does one thing at a time, in order, and another one does not wait', async () => {
  const turns = new AccountTurns();
  const [first, second, stranger] = [work(), work(), work()];
  const both = [first, second].map(({ begin }) => turns.take(ONE, never, begin));
  const other = turns.take(OTHER, never, stranger.begin);
  await nextTurn();
  expect([first, second, stranger].map(({ hasBegun }) => hasBegun())).toEqual([true, false, true]);
  first.end();
  await both[0];
  await nextTurn();
  expect(second.hasBegun()).toBe(true);
  second.end();
  stranger.end();
  expect(await Promise.all([...both, other])).toEqual(['done', 'done', 'done']);
});

test('work that fails lets the next begin', async () => {
  const turns = new AccountTurns();
  const [first, second] = [work(), work()];
  const failing = turns.take(ONE, never, first.begin);
  const next = turns.take(ONE, never, second.begin);
  first.end(new Error('broken'));
  await expect(failing).rejects.toThrow('broken');
  second.end();
  expect(await next).toBe('done');
});

test('a caller that leaves while it waits is told at once, never begins, and holds up nobody', async () => {
  const turns = new AccountTurns();
  const [first, second, third] = [work(), work(), work()];
  const leaver = new AbortController();
  const going = turns.take(ONE, never, first.begin);
  const leaving = turns.take(ONE, leaver.signal, second.begin);
  const last = turns.take(ONE, never, third.begin);
  leaver.abort(new Error('left'));
  await expect(leaving).rejects.toThrow('left');
  await nextTurn();
  // The first still runs.
  expect(third.hasBegun()).toBe(false);
  first.end();
  third.end();
  expect(await Promise.all([going, last])).toEqual(['done', 'done']);
  expect(second.hasBegun()).toBe(false);
});
