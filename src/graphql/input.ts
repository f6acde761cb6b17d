/** Plain fields of an input, without those that were sent as null, which mean the same as left out. */
export function present<T extends object>(input: T): { [Field in keyof T]: T[Field] } {
  const entries = Object.entries(input).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as T;
}
