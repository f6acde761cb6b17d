// Loaded into a server that a test watches (NODE_OPTIONS=--import): on SIGUSR2 it collects garbage, and writes what is
// left on its standard error, as one line of JSON behind "observed: ".
import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { runInNewContext } from 'node:vm';

if (isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  process.on('SIGUSR2', () => {
    // Twice, with a turn between them: what finalizers let go is garbage after the first.
    collect();
    setImmediate(() => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      const resources = {};
      for (const name of process.getActiveResourcesInfo())
        resources[name] = (resources[name] ?? 0) + 1;
      const seen = { bytes: heapUsed + external, resources };
      process.stderr.write(`observed: ${JSON.stringify(seen)}\n`);
    });
  });
}
