const WHITESPACE = ' \n\r\t';

/**
 * The first key that one object of a JSON text has twice; undefined when there is none. `JSON.parse`
 * keeps the last of them silently, so that two readers of one file can see different things.
 *
 * `json` must be a text that `JSON.parse` has accepted: the scan relies on it. One pass, no recursion.
 */
export function findDuplicateKey(json: string): string | undefined {
  /** The keys seen in each object around the position, innermost last; null stands for an array. */
  const open: (Set<string> | null)[] = [];
  let previous = '';
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charAt(at);
    if (character === '"') {
      const end = endOfString(json, at);
      const keys = open.at(-1);
      if (keys && (previous === '{' || previous === ',')) {
        const key = JSON.parse(json.slice(at, end + 1)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      at = end;
    } else if (character === '{') open.push(new Set());
    else if (character === '[') open.push(null);
    else if (character === '}' || character === ']') open.pop();
    else if (WHITESPACE.includes(character)) continue;
    previous = character;
  }
  return undefined;
}

/** Index of the closing quote of the string that opens at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"' && at < json.length) at += json[at] === '\\' ? 2 : 1;
  return at;
}
