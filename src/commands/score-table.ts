import { alignColumns } from './table.js';

/** What one image scored. */
export interface ImageScores {
  readonly image: string;
  /** Best first. */
  readonly scores: readonly {
    readonly label: string | undefined;
    readonly probability: number | null;
    readonly share: number;
  }[];
  readonly noneOfTheAbove: boolean;
}

/** Columns: the label, its own probability, its share among the labels, and the share as a bar. */
export function scoreTable({ image, scores, noneOfTheAbove }: ImageScores): string {
  const percent = (value: number | null) =>
    (value === null ? '–' : `${(value * 100).toFixed(1)} %`).padStart(8);
  const lines = alignColumns(
    [
      ['', '  itself', '   among'],
      ...scores.map(({ label = '', probability, share }) => {
        const bar = '█'.repeat(Math.round(share * 24));
        return [label, percent(probability), percent(share), ` ${bar}`];
      }),
    ],
    { gap: 1 },
  ).map((line) => `  ${line}`);
  const verdict = noneOfTheAbove ? ['  none of the labels reaches the threshold'] : [];
  return `${[image, ...lines, ...verdict].join('\n')}\n`;
}
