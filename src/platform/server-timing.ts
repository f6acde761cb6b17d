/** Milliseconds by the name of a part of some work. */
export type Parts = Readonly<Record<string, number>>;

/** The value of a `Server-Timing` header (W3C), which browsers show. */
export function serverTiming(parts: Parts): string {
  return Object.entries(parts)
    .map(([name, ms]) => `${name};dur=${ms.toFixed(2)}`)
    .join(', ');
}

/** What such a header tells; empty without one. */
export function parseServerTiming(header: string | undefined): Parts {
  const found = (header ?? '').matchAll(/([a-z]+);dur=(\d+(?:\.\d+)?)/g);
  return Object.fromEntries([...found].map(([, name = '', ms]) => [name, Number(ms)]));
}
