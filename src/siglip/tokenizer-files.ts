import * as library from '@huggingface/tokenizers';
import { z } from 'zod';
import { AppError } from '../errors.js';
import { describeIssue } from './describe-issue.js';
import { CharacterMap } from './tokenizer-charsmap.js';
import { ClipEncoder } from './tokenizer-clip.js';
import type { Encoder } from './tokenizer-encoder.js';
import { GemmaEncoder } from './tokenizer-gemma.js';

/*
 * `tokenizer.json` and `tokenizer_config.json`, read strictly where @huggingface/tokenizers 0.2.0 would
 * give other ids than the Rust library without a word, and where a file could make it run for ever.
 */

export const TOKENIZER_FILE = 'tokenizer.json';
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';

/** What is used of the library's tokenizer. */
interface LibraryTokenizer {
  encode(text: string): { readonly ids: number[] };
  token_to_id(token: string): number | undefined;
}

/** A step of cleaning: the library calls the first of a tokenizer, and `normalize` of one in a sequence. */
interface Normalizer {
  (text: string): string;
  normalize(text: string): string;
  normalizers?: Normalizer[];
}

/** The library's own types are not found by Node's way of resolving: their imports have no extension. */
const { Tokenizer } = library as unknown as {
  Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => LibraryTokenizer & { normalizer: Normalizer | null };
};

/** A special token, plain or with how it is matched. */
const token = z
  .union([z.string(), z.looseObject({ content: z.string() })])
  .transform((value) => (typeof value === 'string' ? value : value.content));

const configSchema = z.looseObject({ eos_token: token, pad_token: token });

/** Any other expression of a stranger could take for ever. This one is T5's. */
const REGEX = z.literal(' {2,}', { error: ({ input }) => `${JSON.stringify(input)} is not read` });

/** T5's has one, others a few: of a sequence of longer ones, each of any length, a text would grow beyond memory. */
const REPLACEMENT_CHARS_MAX = 4;
const STEPS_MAX = 8;

/** Steps and sequences alike, and loosely: what a step does not have is not looked at. */
const normalizerStep = z.looseObject({
  type: z.enum(['Precompiled', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'Strip', 'Replace']),
  precompiled_charsmap: z.string().optional(),
  content: z.string().max(REPLACEMENT_CHARS_MAX).optional(),
  pattern: z
    .looseObject({ String: z.string().min(1).optional(), Regex: REGEX.optional() })
    .optional(),
});
const normalizer = normalizerStep.extend({
  type: z.enum(['Sequence', ...normalizerStep.shape.type.options]),
  normalizers: z.array(normalizerStep).max(STEPS_MAX).optional(),
});

const preTokenizerStep = z.looseObject({
  type: z.enum(['Metaspace', 'WhitespaceSplit']),
  // False would be passed over by the library.
  add_prefix_space: z.literal(true).optional(),
});
const preTokenizer = preTokenizerStep.extend({
  type: z.enum(['Sequence', ...preTokenizerStep.shape.type.options]),
  pretokenizers: z.array(preTokenizerStep).optional(),
});

/** Far above a published vocabulary's 250,000 pieces of up to 16 characters. */
const PIECES_MAX = 2 ** 20;
const PIECE_CHARS_MAX = 128;

const modelSchema = z
  .looseObject({
    type: z.literal('Unigram', { error: () => 'must be Unigram or BPE, as SigLIP’s are' }),
    // There is none for Unigram in the library: it would give <unk>.
    byte_fallback: z
      .literal(false, { error: () => 'must be false: bytes are not read' })
      .optional(),
    unk_id: z.int().min(0),
    vocab: z
      .array(z.tuple([z.string().max(PIECE_CHARS_MAX), z.number()]))
      .min(1)
      .max(PIECES_MAX),
  })
  .refine(({ unk_id, vocab }) => unk_id < vocab.length, {
    path: ['unk_id'],
    error: 'is not in the vocabulary',
  });

const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int().min(0), content: z.string().min(1) })),
  normalizer: normalizer.nullish(),
  pre_tokenizer: preTokenizer.nullish(),
  model: modelSchema,
});

const kindSchema = z.looseObject({
  model: z.looseObject({ type: z.string(), end_of_word_suffix: z.unknown() }),
});

/**
 * Reads `tokenizer.json`, of whichever kind it is.
 *
 * @param configJson text of `tokenizer_config.json`; CLIP's needs none
 * @throws AppError BAD_USER_INPUT that names the file and the setting
 */
export function loadTokenizer(tokenizerJson: string, configJson: string | undefined): Encoder {
  const json = parseObject(TOKENIZER_FILE, tokenizerJson);
  const { model } = kindSchema.safeParse(json).data ?? {};
  const isBpe = model?.type === 'BPE';
  if (isBpe && model.end_of_word_suffix === '</w>') return new ClipEncoder(json);
  if (configJson === undefined) {
    throw new AppError('BAD_USER_INPUT', `There is no file ${TOKENIZER_CONFIG_FILE}.`);
  }
  const config = parse(TOKENIZER_CONFIG_FILE, configJson, configSchema);
  const special = { end: config.eos_token, pad: config.pad_token };
  return isBpe ? new GemmaEncoder(json, special) : loadUnigram(json, special);
}

/** The library's tokenizer, but that it reads SentencePiece's table of replacements. */
function loadUnigram(value: unknown, special: { end: string; pad: string }): Encoder {
  const json = check(TOKENIZER_FILE, value, tokenizerSchema);
  let tokenizer: InstanceType<typeof Tokenizer>;
  try {
    tokenizer = new Tokenizer(json, { eos_token: special.end, pad_token: special.pad });
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', `${TOKENIZER_FILE} is of an unknown kind.`, { cause });
  }
  const steps = tokenizer.normalizer?.normalizers ?? [];
  for (const [index, step] of (json.normalizer?.normalizers ?? []).entries()) {
    if (step.type === 'Precompiled') steps[index] = tableOf(step);
  }
  if (json.normalizer?.type === 'Precompiled') tokenizer.normalizer = tableOf(json.normalizer);
  const idOf = (token: string) => {
    const id = tokenizer.token_to_id(token);
    if (id !== undefined) return id;
    throw new AppError('BAD_USER_INPUT', `${TOKENIZER_FILE} has no token "${token}".`);
  };
  const encode = (text: string) => tokenizer.encode(text).ids;
  const [endId, padId] = [idOf(special.end), idOf(special.pad)];
  // What truncation keeps is put there by the tokenizer itself, or not at all.
  if (encode('').at(-1) !== endId) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${TOKENIZER_FILE} does not end a text with "${special.end}".`,
    );
  }
  const { added_tokens: added, model } = json;
  return {
    encode,
    endId,
    padId,
    unreadId: model.unk_id,
    blankId: tokenizer.token_to_id('▁'),
    *pieces() {
      for (const [id, [piece]] of model.vocab.entries()) yield [piece, id];
      for (const { content, id } of added) yield [content, id];
    },
  };
}

function parse<T extends z.ZodType>(file: string, json: string, schema: T): z.output<T> {
  return check(file, parseObject(file, json), schema);
}

function parseObject(file: string, json: string): unknown {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', `${file} is not JSON.`, { cause });
  }
}

function check<T extends z.ZodType>(file: string, value: unknown, schema: T): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError('BAD_USER_INPUT', `${file}: ${describeIssue(parsed.error)}.`);
}

function tableOf({
  precompiled_charsmap: base64 = '',
}: {
  precompiled_charsmap?: string | undefined;
}) {
  const map = new CharacterMap(base64);
  const normalize = (text: string) => map.normalize(text);
  return Object.assign(normalize, { normalize }) satisfies Normalizer;
}
