// Loaded into a server (NODE_OPTIONS=--import): its clock is off by CLOCK_SKEW_MS. Timers and performance.now() are not,
// as on a machine whose time is set wrong. CLOCK_SKEW_FILE holds the milliseconds instead, where they change while it runs.
import { readFileSync, watchFile } from 'node:fs';

const file = process.env.CLOCK_SKEW_FILE;
let skewMs = Number(process.env.CLOCK_SKEW_MS ?? 0);
if (file !== undefined) {
  const read = () => {
    skewMs = Number(readFileSync(file, 'utf8'));
    process.stderr.write(`clock off by ${String(skewMs)} ms\n`);
  };
  read();
  watchFile(file, { interval: 250, persistent: false }, read);
}
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + skewMs] : args, newTarget),
  apply: () => new RealDate(RealDate.now() + skewMs).toString(),
  get: (target, name) =>
    name === 'now' ? () => RealDate.now() + skewMs : Reflect.get(target, name, target),
});
