// Prepares the project and runs one of its compiled programs in the foreground:
// `node scripts/run.mjs dist/main.js`. Passes signals on, and ends as the program ends.
import { spawn } from 'node:child_process';
import { node, prepare, root } from './prepare.mjs';

prepare();
const [program, ...args] = process.argv.slice(2);
const child = spawn(node(), ['--enable-source-maps', program, ...args], {
  cwd: root,
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// npm hands a SIGTERM to the shell between us, and that shell keeps it: see it by our parent's end.
const parent = process.ppid;
if (process.env.npm_lifecycle_event !== undefined) {
  setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref();
}
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
