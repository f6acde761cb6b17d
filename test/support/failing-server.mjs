// Loaded into a server (NODE_OPTIONS=--import): it fails in a way that nothing handles, on SIGUSR2, and with
// FAIL_AT_START as soon as it listens for such failures.
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.argv[1]?.endsWith('main.js')) {
  const fail = () =>
    setImmediate(() => {
      throw new Error('a failure that nothing handles');
    });
  process.on('SIGUSR2', fail);
  if (process.env.FAIL_AT_START !== undefined) {
    const timer = setInterval(() => {
      if (process.listenerCount('uncaughtException') === 0) return;
      clearInterval(timer);
      fail();
    });
  }
}
