import stringWidth from 'string-width';

/**
 * Lines of text whose cells stand below each other, as wide as a terminal shows them; nothing is left at the end of a line.
 * @param lines one array of cells for each line
 * @param options `gap`: spaces between two columns; `right`: columns that are aligned to the right, by number from 0
 */
export function alignColumns(
  lines: readonly (readonly string[])[],
  { gap = 2, right = [] }: { readonly gap?: number; readonly right?: readonly number[] } = {},
): string[] {
  const columns = Math.max(0, ...lines.map((line) => line.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lines.map((line) => stringWidth(line[column] ?? ''))),
  );
  return lines.map((line) =>
    line
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - stringWidth(cell));
        return right.includes(column) ? `${space}${cell}` : `${cell}${space}`;
      })
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}
