// `npm start`: prepares the project, runs the server in the foreground, and starts it again when it fails.
import { endAs, Foreground } from './foreground.mjs';
import { prepare, say } from './prepare.mjs';
import { FAILURES_MAX, isFailure, Restarts, SETTLED_MS } from './restarts.mjs';

prepare();
const foreground = new Foreground();
const restarts = new Restarts();
for (;;) {
  const end = await foreground.run('dist/main.js', process.argv.slice(2));
  if (foreground.isStopping || !isFailure(end)) await endAs(end);
  const how = end.signal === null ? `exit status ${String(end.code)}` : end.signal;
  const waitMs = restarts.next(end.ranMs);
  if (waitMs === undefined) {
    say(
      `The server failed again (${how}). It is not started any more: it failed ${String(FAILURES_MAX)} times in a row within ${String(SETTLED_MS / 1_000)} s of its start. The reason is above; correct it, then start the server.`,
    );
    await endAs(end);
  }
  say(`The server failed (${how}). It is started again in ${String(waitMs / 1_000)} s.`);
  await foreground.pause(waitMs);
  if (foreground.isStopping) process.exit(0);
}
