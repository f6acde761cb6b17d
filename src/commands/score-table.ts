import stringWidth from 'string-width';

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
  const width = Math.max(...scores.map(({ label = '' }) => stringWidth(label)));
  const percent = (value: number | null) =>
    (value === null ? '–' : `${(value * 100).toFixed(1)} %`).padStart(8);
  const lines = scores.map(({ label = '', probability, share }) => {
    const gap = ' '.repeat(width - stringWidth(label));
    const bar = '█'.repeat(Math.round(share * 24));
    return `  ${label}${gap} ${percent(probability)} ${percent(share)}  ${bar}`.trimEnd();
  });
  const verdict = noneOfTheAbove ? ['  none of the labels reaches the threshold'] : [];
  const head = `  ${' '.repeat(width)}   itself    among`;
  return `${[image, head, ...lines, ...verdict].join('\n')}\n`;
}
