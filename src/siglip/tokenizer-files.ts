import * as library from '@huggingface/tokenizers';
import { z } from 'zod';
import { AppError } from '../errors.js';
import { describeIssue } from './describe-issue.js';
import { CharacterMap } from './tokenizer-charsmap.js';

/*
 * `tokenizer.json` and `tokenizer_config.json`, read strictly where @huggingface/tokenizers 0.2.0 would
 * give other ids than the Rust library without a word, and where a file could make it run for ever.
 */

export const TOKENIZER_FILE = 'tokenizer.json';
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';

/** What is used of the library's tokenizer. */
export interface LibraryTokenizer {
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

/** Steps and sequences alike, and loosely: what a step does not have is not looked at. */
const normalizerStep = z.looseObject({
  type: z.enum(['Precompiled', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'Strip', 'Replace']),
  precompiled_charsmap: z.string().optional(),
  pattern: z
    .looseObject({ String: z.string().min(1).optional(), Regex: REGEX.optional() })
    .optional(),
});
const normalizer = normalizerStep.extend({
  type: z.enum(['Sequence', ...normalizerStep.shape.type.options]),
  normalizers: z.array(normalizerStep).optional(),
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
    // Of another kind, texts would need another cleaning as well: that of SigLIP 2's tokenizer, say.
    type: z.literal('Unigram', { error: () => 'must be Unigram, as SigLIP’s is' }),
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

interface LoadedTokenizer {
  readonly tokenizer: LibraryTokenizer;
  readonly endToken: string;
  readonly padToken: string;
}

/**
 * Makes the library's tokenizer, but that it reads SentencePiece's table of replacements.
 *
 * @throws AppError BAD_USER_INPUT that names the file and the setting
 */
export function loadTokenizer(tokenizerJson: string, configJson: string): LoadedTokenizer {
  const json = parse(TOKENIZER_FILE, tokenizerJson, tokenizerSchema);
  const config = parse(TOKENIZER_CONFIG_FILE, configJson, configSchema);
  let tokenizer: InstanceType<typeof Tokenizer>;
  try {
    tokenizer = new Tokenizer(json, config);
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', `${TOKENIZER_FILE} is of an unknown kind.`, { cause });
  }
  const steps = tokenizer.normalizer?.normalizers ?? [];
  for (const [index, step] of (json.normalizer?.normalizers ?? []).entries()) {
    if (step.type === 'Precompiled') steps[index] = tableOf(step);
  }
  if (json.normalizer?.type === 'Precompiled') tokenizer.normalizer = tableOf(json.normalizer);
  return { tokenizer, endToken: config.eos_token, padToken: config.pad_token };
}

function parse<T extends z.ZodType>(file: string, json: string, schema: T): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', `${file} is not JSON.`, { cause });
  }
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
