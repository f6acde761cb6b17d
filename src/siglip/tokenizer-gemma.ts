import { z } from 'zod';
import { AppError } from '../errors.js';
import { BytePairs } from './byte-pairs.js';
import { describeIssue } from './describe-issue.js';
import { isMerges, isVocabulary, type Merge, mergesOf, type Vocabulary } from './tokenizer-bpe.js';
import type { Encoder } from './tokenizer-encoder.js';

/*
 * Gemma's tokenizer, which SigLIP 2 has: byte pairs over the whole text, whose spaces are `▁`, and the bytes of what the
 * vocabulary lacks (transformers, tokenization_siglip2.py; tokenizers, src/models/bpe/model.rs). Its `tokenizer.json` has
 * 256,000 pieces and 580,604 merges.
 */

const replaceSpaces = z.looseObject({
  type: z.literal('Replace'),
  pattern: z.looseObject({ String: z.literal(' ') }),
  content: z.literal('▁'),
});
// Texts are lower case before they come here.
const lowercase = z.looseObject({ type: z.literal('Lowercase') });

const schema = z.looseObject({
  added_tokens: z
    .array(
      z.looseObject({
        id: z.int().min(0),
        content: z.string().min(1).max(128),
        lstrip: z.literal(false).optional(),
        rstrip: z.literal(false).optional(),
        single_word: z.literal(false).optional(),
      }),
    )
    .max(10_000),
  normalizer: z.union([
    replaceSpaces,
    z.looseObject({
      type: z.literal('Sequence'),
      normalizers: z.tuple([lowercase, replaceSpaces]),
    }),
  ]),
  // There is nothing to split once spaces are replaced.
  pre_tokenizer: z
    .looseObject({ type: z.literal('Split'), pattern: z.looseObject({ String: z.literal(' ') }) })
    .nullish(),
  post_processor: z
    .looseObject({
      type: z.literal('TemplateProcessing'),
      single: z.array(
        z.looseObject({ SpecialToken: z.looseObject({ id: z.string() }).optional() }),
      ),
    })
    .nullish(),
  model: z.looseObject({
    byte_fallback: z.literal(true, { error: () => 'must be true, as Gemma’s is' }),
    fuse_unk: z.boolean().optional(),
    unk_token: z.string().nullish(),
    dropout: z.literal([null, 0]).optional(),
    continuing_subword_prefix: z.literal(['', null]).optional(),
    end_of_word_suffix: z.literal(['', null]).optional(),
    vocab: z.custom<Vocabulary>(isVocabulary, 'must map pieces to ids'),
    merges: z.custom<readonly Merge[]>(isMerges, 'must be pairs of pieces'),
  }),
});

export class GemmaEncoder implements Encoder {
  readonly endId: number;
  readonly padId: number;
  private readonly vocabulary: ReadonlyMap<string, number>;
  private readonly merges: BytePairs;
  private readonly added: ReadonlyMap<string, number>;
  /** Splits a text at the added tokens, which it keeps: the longest at each place. */
  private readonly atAdded: RegExp | undefined;
  private readonly bytes: readonly (number | undefined)[];
  private readonly unknownId: number | undefined;

  /** @throws AppError BAD_USER_INPUT that names the setting */
  constructor(json: unknown, special: { readonly end: string; readonly pad: string }) {
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw fault(describeIssue(parsed.error));
    const { model, added_tokens: addedTokens, post_processor: ending } = parsed.data;
    const vocabulary = new Map(Object.entries(model.vocab));
    const added = new Map(addedTokens.map(({ content, id }) => [content, id]));
    const find = (token: string) => {
      const id = added.get(token) ?? vocabulary.get(token);
      if (id !== undefined) return id;
      throw fault(`it has no token "${token}"`);
    };
    this.endId = find(special.end);
    this.padId = find(special.pad);
    if (ending?.single.at(-1)?.SpecialToken?.id !== special.end) {
      throw fault(`it does not end a text with "${special.end}"`);
    }
    if (ending.single.length !== 2) throw fault('it begins a text with a token of its own');
    this.vocabulary = vocabulary;
    this.merges = new BytePairs(mergesOf(model.merges, vocabulary));
    this.bytes = Array.from({ length: 256 }, (_, byte) =>
      vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
    );
    this.unknownId = model.unk_token == null ? undefined : vocabulary.get(model.unk_token);
    // Those that steer the model are none of a user's text: SentencePiece does not read them in one either.
    const steering = [special.end, special.pad, model.unk_token, '<bos>'];
    this.added = new Map([...added].filter(([content]) => !steering.includes(content)));
    const contents = [...this.added.keys()].sort((a, b) => b.length - a.length);
    this.atAdded =
      contents.length === 0
        ? undefined
        : new RegExp(`(${contents.map(escapeRegExp).join('|')})`, 'u');
  }

  *pieces(): Iterable<readonly [string, number]> {
    yield* this.vocabulary;
    yield* this.added;
  }

  encode(text: string): number[] {
    const parts = this.atAdded === undefined ? [text] : text.split(this.atAdded);
    // `split` with a group puts what it matched at the odd places.
    const ids = parts.flatMap((part, at) =>
      at % 2 === 1 ? [this.added.get(part) ?? 0] : this.merges.merge(this.characters(part)),
    );
    return [...ids, this.endId];
  }

  private characters(text: string): number[] {
    const ids: number[] = [];
    for (const character of text.replaceAll(' ', '▁')) {
      const id = this.vocabulary.get(character);
      if (id !== undefined) {
        ids.push(id);
        continue;
      }
      const bytes = Array.from(Buffer.from(character, 'utf8'), (byte) => this.bytes[byte]);
      if (bytes.every((byte) => byte !== undefined)) ids.push(...bytes);
      // A run of what is unknown is one.
      else if (this.unknownId !== undefined && ids.at(-1) !== this.unknownId) {
        ids.push(this.unknownId);
      }
    }
    return ids;
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&');
}

function fault(what: string): AppError {
  return new AppError('BAD_USER_INPUT', `tokenizer.json: ${what}.`);
}
