/** A line of a file, and where it stands. */
export interface RawLine {
  /** From 1. */
  readonly line: number;
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly bytes: number;
  /** Without the line break; undefined for a line that is too long to be kept. */
  readonly content: Buffer | undefined;
}

const NEWLINE = 0x0a;

/**
 * The lines of a file, in order, with at most one of them in memory. A last one without a line break counts.
 * @param bytesMax of a line that is kept
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<RawLine> {
  let line = 1;
  let offset = 0;
  let bytes = 0;
  let parts: Buffer[] = [];
  const take = (part: Buffer) => {
    bytes += part.length;
    if (bytes > bytesMax) parts = [];
    else parts.push(part);
  };
  const end = (): RawLine => {
    const content = bytes > bytesMax ? undefined : Buffer.concat(parts);
    const done = { line, offset, bytes, content };
    line += 1;
    offset += bytes + 1;
    bytes = 0;
    parts = [];
    return done;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at));
      yield end();
      from = at + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  if (bytes > 0) yield end();
}
