import { SharedReads } from './shared-reads.js';

/** A read whose end the test decides. */
function reads() {
  const begun: { finish(value: string): void; fail(error: Error): void }[] = [];
  const read = () =>
    new Promise<string>((finish, fail) => {
      begun.push({ finish, fail });
    });
  return { begun, read };
}

test('callers that come while a read runs share the next one, which begins after them', async () => {
  const shared = new SharedReads();
  const { begun, read } = reads();
  const first = shared.run('k', read);
  const second = shared.run('k', read);
  const third = shared.run('k', read);
  expect(begun).toHaveLength(1);

  begun[0]?.finish('old');
  expect(await first).toBe('old');
  await Promise.resolve();
  expect(begun).toHaveLength(2);
  begun[1]?.finish('new');
  expect(await Promise.all([second, third])).toEqual(['new', 'new']);
});

test('a caller that comes while the second read runs gets a third', async () => {
  const shared = new SharedReads();
  const { begun, read } = reads();
  const first = shared.run('k', read);
  const second = shared.run('k', read);
  begun[0]?.finish('1');
  await first;
  await Promise.resolve();
  const third = shared.run('k', read);
  begun[1]?.finish('2');
  expect(await second).toBe('2');
  await Promise.resolve();
  begun[2]?.finish('3');
  expect(await third).toBe('3');
});

test('a failure reaches those who share it, and the next read is tried afresh', async () => {
  const shared = new SharedReads();
  const { begun, read } = reads();
  const first = shared.run('k', read);
  const second = shared.run('k', read);
  begun[0]?.fail(new Error('away'));
  await expect(first).rejects.toThrow('away');
  await Promise.resolve();
  begun[1]?.finish('back');
  expect(await second).toBe('back');
});

test('other keys do not wait', async () => {
  const shared = new SharedReads();
  const { begun, read } = reads();
  void shared.run('a', read);
  const other = shared.run('b', read);
  begun[1]?.finish('b');
  expect(await other).toBe('b');
});
