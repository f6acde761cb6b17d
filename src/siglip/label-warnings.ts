import type { TextCleaning } from './model-config.js';
import { canonicalPrompt, DEFAULT_TEMPLATE, parseTemplate } from './prompt.js';
import type { Tokenizer } from './tokenizer.js';

/** Something that makes a label's score mean less than it seems to. */
export interface LabelWarning {
  /** Of the label, counted from 0. */
  readonly index: number;
  /**
   * `TRUNCATED`: the model reads its beginning only. `UNREAD`: it has no piece of it, so that all such labels score
   * alike. `SAME_AS_ANOTHER`: an earlier label is the same to it.
   */
  readonly kind: 'TRUNCATED' | 'UNREAD' | 'SAME_AS_ANOTHER';
  readonly message: string;
}

interface Asked {
  readonly template?: string | undefined;
  readonly cleaning: TextCleaning;
  readonly tokenizer: Pick<Tokenizer, 'inspect'>;
}

/** Labels as the model reads them; those that were checked already (`checkLabels`). */
export function labelWarnings(
  labels: readonly string[],
  { template = DEFAULT_TEMPLATE, cleaning, tokenizer }: Asked,
): LabelWarning[] {
  const parsed = parseTemplate(template);
  const first = new Map<string, number>();
  return labels.flatMap((label, index): LabelWarning[] => {
    const alone = canonicalPrompt({ before: '', after: '' }, label, cleaning);
    const prompt = canonicalPrompt(parsed, label, cleaning);
    const earlier = first.get(prompt);
    if (earlier === undefined) first.set(prompt, index);
    const named = `Label ${String(index + 1)} (${JSON.stringify(label.slice(0, 60))})`;
    const { isCut, isUnread } = tokenizer.inspect(alone, prompt);
    const warn = (kind: LabelWarning['kind'], message: string) => [
      { index, kind, message: `${named} ${message}` },
    ];
    if (isUnread)
      return warn('UNREAD', 'has no text that the model reads: its score says nothing.');
    if (isCut)
      return warn('TRUNCATED', 'is too long with its template: the model reads the beginning.');
    if (earlier !== undefined && labels[earlier] !== label) {
      return warn('SAME_AS_ANOTHER', `reads like label ${String(earlier + 1)} to the model.`);
    }
    return [];
  });
}
