import { z } from 'zod';
import { AppError } from '../errors.js';
import { BytePairs } from './byte-pairs.js';
import { describeIssue } from './describe-issue.js';
import { isMerges, isVocabulary, type Merge, mergesOf, type Vocabulary } from './tokenizer-bpe.js';
import type { Encoder } from './tokenizer-encoder.js';

/*
 * CLIP's tokenizer: byte-level byte pairs inside of words (open_clip, src/open_clip/tokenizer.py `SimpleTokenizer`;
 * transformers, tokenization_clip.py). Vocabulary and merges are the file's, the words are cut as the references cut
 * them. Special tokens written in a text are text: they would cut off its meaning.
 */

const WORD_END = '</w>';
const BEGIN = ['<|startoftext|>', '<start_of_text>'];
const END = ['<|endoftext|>', '<end_of_text>'];

/** The references' expression. Texts are lower case. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

const schema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int().min(0), content: z.string() })).max(10_000),
  model: z.looseObject({
    end_of_word_suffix: z.literal(WORD_END),
    continuing_subword_prefix: z.literal(['', null]).optional(),
    dropout: z.literal([null, 0]).optional(),
    vocab: z.custom<Vocabulary>(isVocabulary, 'must map pieces to ids'),
    merges: z.custom<readonly Merge[]>(isMerges, 'must be pairs of pieces'),
  }),
});

export class ClipEncoder implements Encoder {
  readonly endId: number;
  readonly padId: number;
  private readonly beginId: number;
  private readonly vocabulary: ReadonlyMap<string, number>;
  private readonly merges: BytePairs;
  /** Ids of the bytes, inside of a word and at its end. */
  private readonly inside: readonly number[];
  private readonly atEnd: readonly number[];

  /**
   * A text is filled up with what ends it; a causal tower never looks behind the end.
   *
   * @throws AppError BAD_USER_INPUT that names the setting
   */
  constructor(json: unknown) {
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw fault(describeIssue(parsed.error));
    const { model, added_tokens: added } = parsed.data;
    const vocabulary = new Map(Object.entries(model.vocab));
    const special = new Map(added.map(({ content, id }) => [content, id]));
    const find = (tokens: readonly string[]) => {
      for (const token of tokens) {
        const id = special.get(token) ?? vocabulary.get(token);
        if (id !== undefined) return id;
      }
      throw fault(`it has no token "${tokens[0] ?? ''}"`);
    };
    this.beginId = find(BEGIN);
    this.endId = find(END);
    this.padId = this.endId;
    this.vocabulary = vocabulary;
    this.merges = new BytePairs(mergesOf(model.merges, vocabulary));
    this.inside = BYTE_LETTERS.map((letter) => find([letter]));
    this.atEnd = BYTE_LETTERS.map((letter) => find([letter + WORD_END]));
  }

  pieces(): Iterable<readonly [string, number]> {
    return this.vocabulary;
  }

  encode(text: string): number[] {
    const ids = [this.beginId];
    for (const [word] of text.matchAll(WORDS)) {
      const bytes = Buffer.from(word, 'utf8');
      const characters = Array.from(bytes, (byte, at) => {
        const letters = at === bytes.length - 1 ? this.atEnd : this.inside;
        return letters[byte] ?? 0;
      });
      ids.push(...this.merges.merge(characters));
    }
    ids.push(this.endId);
    return ids;
  }
}

/** The character that stands for each byte: itself where it is printed, one from U+0100 on where not (GPT-2). */
const BYTE_LETTERS: readonly string[] = byteLetters();

function byteLetters(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrinted =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(isPrinted ? byte : next++);
  });
}

function fault(what: string): AppError {
  return new AppError('BAD_USER_INPUT', `tokenizer.json: ${what}.`);
}
