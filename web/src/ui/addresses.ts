/** Models that one comparison takes. */
export const COMPARED_MAX = 6;

/** Path of the comparison of these models. */
export function compareAddress(slugs: readonly string[]): string {
  return `/compare?${new URLSearchParams(slugs.map((slug): [string, string] => ['m', slug])).toString()}`.replaceAll(
    '%2F',
    '/',
  );
}
