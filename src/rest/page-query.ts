/** A parameter of a page's address; empty unless it is there once. */
export function textOf(query: unknown, name: string): string {
  const value = (query as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : '';
}
