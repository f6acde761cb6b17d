type Value = string | number | undefined;

/** An address with its query: what is undefined is left out, a list is repeated. */
export function addressOf(
  url: string,
  query: Readonly<Record<string, Value | readonly Value[]>>,
): string {
  const search = new URLSearchParams();
  for (const [name, given] of Object.entries(query)) {
    for (const value of [given].flat()) if (value !== undefined) search.append(name, String(value));
  }
  return `${url}?${search.toString()}`;
}
