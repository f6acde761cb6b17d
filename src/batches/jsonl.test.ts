import { type RawLine, readLines } from './jsonl.js';

/** The lines of a text that comes in pieces of so many bytes. */
async function linesOf(text: string, pieceBytes: number, bytesMax = 1_000): Promise<RawLine[]> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      yield await Promise.resolve(bytes.subarray(at, at + pieceBytes));
    }
  }
  const lines: RawLine[] = [];
  for await (const line of readLines(pieces(), bytesMax)) lines.push(line);
  return lines;
}

const TEXT = '{"a": "ä"}\n\n  \r\n{"b": 2}\nlast';

test.each([1, 2, 3, 7, 100])(
  'lines are found wherever they are cut, in pieces of %i',
  async (piece) => {
    const lines = await linesOf(TEXT, piece);
    expect(lines.map(({ content }) => content?.toString())).toEqual(TEXT.split('\n'));
    expect(lines.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
    const bytes = Buffer.from(TEXT);
    for (const { offset, bytes: length, content } of lines) {
      expect(bytes.subarray(offset, offset + length).equals(content ?? Buffer.from('?'))).toBe(
        true,
      );
    }
  },
);

test('nothing has no lines, and a line break at the end begins none', async () => {
  expect(await linesOf('', 1)).toEqual([]);
  expect(await linesOf('a\n', 1)).toHaveLength(1);
});

test.each([1, 4, 100])(
  'a line that is too long is told, not kept, in pieces of %i',
  async (piece) => {
    const lines = await linesOf(`short\n${'x'.repeat(50)}\nafter`, piece, 10);
    expect(lines.map(({ content, bytes }) => [content?.toString(), bytes])).toEqual([
      ['short', 5],
      [undefined, 50],
      ['after', 5],
    ]);
    expect(lines[2]?.offset).toBe(57);
  },
);
