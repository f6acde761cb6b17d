// Figures: medians and spread, and tables of them.

const sorted = (values) => [...values].sort((a, b) => a - b);
export const quantile = (values, q) => {
  const all = sorted(values);
  return all[Math.min(all.length - 1, Math.floor(q * all.length))];
};
export const median = (values) => quantile(values, 0.5);
/** Median and spread of milliseconds. */
export const summary = (ms) => ({
  medianMs: round(median(ms)),
  minMs: round(Math.min(...ms)),
  maxMs: round(Math.max(...ms)),
});
export const round = (value, digits = 1) => Number(value.toFixed(digits));
export const mb = (bytes) => Math.round(bytes / 1e6);

export function print(results) {
  for (const [name, value] of Object.entries(results)) {
    if (typeof value !== 'object') console.log(`${name}: ${String(value)}`);
    else if (Object.values(value).every((one) => typeof one === 'object')) {
      console.log(`\n${name}`);
      console.table(flattened(value));
    } else console.log(`\n${name}: ${JSON.stringify(value)}`);
  }
}

/** Rows whose nested figures are columns of their own. */
function flattened(rows) {
  const flat = (value, prefix) =>
    Object.entries(value).flatMap(([key, one]) =>
      typeof one === 'object' && !Array.isArray(one)
        ? flat(one, `${prefix}${key}.`)
        : [[`${prefix}${key}`, Array.isArray(one) ? one.join(', ') : one]],
    );
  return Object.fromEntries(
    Object.entries(rows).map(([name, value]) => [name, Object.fromEntries(flat(value, ''))]),
  );
}
