import path from 'node:path';
import { readFileSync } from 'node:fs';
import { Tokenizer } from './tokenizer.js';
import { labelWarnings } from './label-warnings.js';

const FIXTURES = path.resolve(import.meta.dirname, '../../test/fixtures');

/** Of OpenCLIP's SigLIP, whose vocabulary has no bytes. */
const unigram = Tokenizer.parse(
  readFileSync(path.join(FIXTURES, 'siglip-micro/tokenizer.json'), 'utf8'),
  readFileSync(path.join(FIXTURES, 'siglip-micro/tokenizer_config.json'), 'utf8'),
  { contextLength: 64, vocabSize: 1200 },
);
/** Gemma's, which spells what it lacks in bytes. */
const bytes = Tokenizer.parse(
  readFileSync(path.join(FIXTURES, 'hf-siglip2-micro/tokenizer.json'), 'utf8'),
  readFileSync(path.join(FIXTURES, 'hf-siglip2-micro/tokenizer_config.json'), 'utf8'),
  { contextLength: 64, vocabSize: 900 },
);

const kindsOf = (labels: string[], tokenizer: Tokenizer, template?: string) =>
  labelWarnings(labels, { cleaning: 'canonicalize', tokenizer, template }).map(
    ({ index, kind }) => [index, kind],
  );

test('labels of which the model reads nothing are named; where it reads bytes, it reads all', () => {
  const labels = ['a cat', 'ჭჰჟ', '😀', 'a 绿 cat'];
  expect(kindsOf(labels, unigram)).toEqual([
    [1, 'UNREAD'],
    [2, 'UNREAD'],
  ]);
  expect(kindsOf(labels, bytes)).toEqual([]);
});

test('a label that is cut is named, with the template that takes its room', () => {
  const long = 'word '.repeat(80);
  expect(kindsOf(['a cat', long], unigram)).toEqual([[1, 'TRUNCATED']]);
  expect(kindsOf(['a cat'], unigram, `${long}{}`)).toEqual([[0, 'TRUNCATED']]);
});

test('labels that the model cannot tell apart are named; equal ones were meant to be', () => {
  expect(kindsOf(['a cat', 'A cat!', 'a cat', 'a dog'], unigram)).toEqual([[1, 'SAME_AS_ANOTHER']]);
});

test('a warning names the label', () => {
  const [warning] = labelWarnings(['😀'], { cleaning: 'canonicalize', tokenizer: unigram });
  expect(warning?.message).toBe(
    'Label 1 ("😀") has no text that the model reads: its score says nothing.',
  );
});
