// Loaded into a server (NODE_OPTIONS=--import): its clock is off by CLOCK_SKEW_MS. Timers and performance.now() are not,
// as on a machine whose time is set wrong.
const skewMs = Number(process.env.CLOCK_SKEW_MS ?? 0);
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + skewMs] : args, newTarget),
  apply: () => new RealDate(RealDate.now() + skewMs).toString(),
  get: (target, name) =>
    name === 'now' ? () => RealDate.now() + skewMs : Reflect.get(target, name, target),
});
