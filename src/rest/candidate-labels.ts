import { z } from 'zod';

/** Labels as zero-shot APIs take them: a list, or one text that is a JSON list or has commas between them. */
export const CandidateLabels = z
  .union([z.array(z.string()), z.string()])
  .transform((given) => (typeof given === 'string' ? labelsIn(given) : given))
  .meta({ description: '1 to 500 labels, as a list, or as a text with commas between them' });

function labelsIn(text: string): string[] {
  return (
    listIn(text) ??
    text
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== '')
  );
}

/** undefined: no JSON list of texts. */
function listIn(text: string): string[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  try {
    return z.array(z.string()).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
