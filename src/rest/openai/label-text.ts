const BULLET = /^\s*(?:[-*•]|\d{1,3}[.)])\s+/;
const SEPARATOR = /[,;|\n]|\sor\s/i;
const QUOTES = '"\'`“”‘’';
const SENTENCE_ENDS = '.?!';

/**
 * Labels out of a text as people write them:
 *
 * 1. Lines that begin with `-`, `*`, `•` or `1.` are the labels, each line one, and the rest is talk.
 * 2. Else they are what follows the last colon: "Which of these is it: cat, dog or bird?"
 * 3. Else the whole text, if it is a list: "cat, dog, bird".
 *
 * A list is split at commas, semicolons, `|`, line breaks and the word "or". Quotation marks around a label, and
 * marks that end a sentence, are no part of it. A label that comes twice counts once.
 * @returns none when the text holds no list
 */
export function labelsOfText(text: string): string[] {
  const lines = text.split('\n').filter((line) => BULLET.test(line));
  if (lines.length > 0) return cleaned(lines.map((line) => line.replace(BULLET, '')));
  const colon = text.lastIndexOf(':');
  const labels = cleaned(text.slice(colon + 1).split(SEPARATOR));
  // Without a colon, "What is this?" is a question, and no list of one label.
  return colon === -1 && labels.length === 1 ? [] : labels;
}

function cleaned(labels: readonly string[]): string[] {
  const clean = labels.map((label) => trim(label.trim().replace(/^(?:or|and)\s/i, '')));
  return [...new Set(clean.filter((label) => label !== ''))];
}

/** By hand: a pattern for the end of a text takes a minute for a megabyte of spaces. */
function trim(label: string): string {
  let [start, end] = [0, label.length];
  const isEdge = (at: number, marks: string) =>
    marks.includes(label.charAt(at)) || label.charAt(at).trim() === '';
  while (start < end && isEdge(start, QUOTES)) start++;
  while (start < end && isEdge(end - 1, QUOTES + SENTENCE_ENDS)) end--;
  return label.slice(start, end);
}
