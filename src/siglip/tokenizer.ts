import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../errors.js';
import type { ServedConfig, TextConfig } from './model-config.js';
import { cleanText } from './text-clean.js';
import type { Encoder } from './tokenizer-encoder.js';
import { loadTokenizer, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE } from './tokenizer-files.js';
import { SENTENCEPIECE_FILE, SentencePieceEncoder } from './tokenizer-sentencepiece.js';

/** The published file has 2.4 MB, that of SigLIP 2 34 MB. */
const FILE_BYTES_MAX = 64 * 2 ** 20;

/** Characters between two pauses: about 5 ms in the tokenizer. */
const CHARS_PER_STEP = 1000;

type Sizes = Pick<TextConfig, 'contextLength' | 'vocabSize' | 'padId'>;

/** Makes prompts the ids that a checkpoint's text graph takes. */
export class Tokenizer {
  /** @throws AppError BAD_USER_INPUT when the special tokens lie outside of the model's vocabulary */
  constructor(
    private readonly encoder: Encoder,
    private readonly sizes: Sizes,
  ) {
    for (const id of [encoder.endId, encoder.padId]) {
      if (id < sizes.vocabSize) continue;
      throw new AppError(
        'BAD_USER_INPUT',
        `The tokenizer’s special token ${String(id)} is not in the model’s vocabulary of ${String(sizes.vocabSize)}.`,
      );
    }
  }

  /**
   * @param tokenizerJson text of `tokenizer.json`
   * @param configJson text of `tokenizer_config.json`
   * @throws AppError BAD_USER_INPUT that names what is missing or what this tokenizer would get wrong
   */
  static parse(tokenizerJson: string, configJson: string, sizes: Sizes): Tokenizer {
    return new Tokenizer(loadTokenizer(tokenizerJson, configJson), sizes);
  }

  /**
   * Reads the tokenizer of a checkpoint's folder.
   *
   * @throws AppError BAD_USER_INPUT as {@link parse}, and for a vocabulary that is not the model's
   */
  static async open(
    folder: string,
    {
      text,
      tokenizer: file,
      textCleaning,
    }: Pick<ServedConfig, 'text' | 'tokenizer' | 'textCleaning'>,
  ): Promise<Tokenizer> {
    const encoder =
      file === SENTENCEPIECE_FILE ? await openSentencePiece(folder) : await openJson(folder);
    for (const [piece, id] of encoder.pieces()) {
      if (id < text.vocabSize) continue;
      // Some files have pieces for other models, which no cleaned text contains.
      const written = piece.replaceAll('▁', ' ').trim();
      if (written === '' || cleanText(written, textCleaning).trim() !== written) continue;
      throw new AppError(
        'BAD_USER_INPUT',
        `${file}: "${piece}" has the id ${String(id)}, which is not in the model’s vocabulary of ${String(text.vocabSize)}.`,
      );
    }
    return new Tokenizer(encoder, text);
  }

  /**
   * Ids of some prompts, each cut or filled to the context length; a cut one keeps its end token.
   * Lets the event loop run every few milliseconds.
   *
   * @param prompts cleaned, as by `canonicalPrompt`
   * @returns int64 `[prompts, contextLength]`, row-major
   * @throws Error when an id lies outside of the vocabulary: tokenizer and checkpoint do not fit
   */
  async encode(prompts: readonly string[], signal?: AbortSignal): Promise<BigInt64Array> {
    const { contextLength } = this.sizes;
    const padId = BigInt(this.sizes.padId ?? this.encoder.padId);
    const ids = new BigInt64Array(prompts.length * contextLength).fill(padId);
    let charsInStep = 0;
    for (const [row, prompt] of prompts.entries()) {
      if (charsInStep > CHARS_PER_STEP) {
        charsInStep = 0;
        await setImmediate();
      }
      signal?.throwIfAborted();
      charsInStep += prompt.length;
      ids.set(this.encodeOne(prompt), row * contextLength);
    }
    return ids;
  }

  /**
   * What of a text the model does not read.
   * @param label cleaned, alone @param prompt the label in its template, cleaned
   */
  inspect(label: string, prompt: string): { readonly isCut: boolean; readonly isUnread: boolean } {
    const { endId, padId, unreadId, blankId } = this.encoder;
    const said = this.encoder
      .encode(label)
      .filter((id) => id !== endId && id !== padId && id !== blankId);
    return {
      isCut: this.encoder.encode(prompt).length > this.sizes.contextLength,
      isUnread: unreadId !== undefined && said.every((id) => id === unreadId),
    };
  }

  /** Up to the context length of them, the last one the end token. */
  private encodeOne(prompt: string): bigint[] {
    const { contextLength, vocabSize } = this.sizes;
    const ids = this.encoder.encode(prompt);
    if (ids.length > contextLength) ids.splice(contextLength - 1, Infinity, this.encoder.endId);
    return ids.map((id) => {
      if (Number.isInteger(id) && id >= 0 && id < vocabSize) return BigInt(id);
      throw new Error(`Token ${String(id)} is not in the vocabulary of ${String(vocabSize)}.`);
    });
  }
}

/** Opens the tokenizer of a folder and runs it on a few texts. @throws AppError BAD_USER_INPUT that names what fails */
export async function tryTokenizer(folder: string, config: ServedConfig): Promise<void> {
  const tokenizer = await Tokenizer.open(folder, config);
  await tokenizer.encode(['a photo of a cat', '2 cats 🐈', '']);
}

async function openJson(folder: string): Promise<Encoder> {
  const tokenizerJson = await readText(folder, TOKENIZER_FILE);
  const found = await stat(path.join(folder, TOKENIZER_CONFIG_FILE)).catch(() => undefined);
  const hasConfig = found?.isFile() === true;
  const configJson = hasConfig ? await readText(folder, TOKENIZER_CONFIG_FILE) : undefined;
  return loadTokenizer(tokenizerJson, configJson);
}

/** SigLIP's: a text is filled with what ends it (transformers, `SiglipTokenizer`). */
async function openSentencePiece(folder: string): Promise<Encoder> {
  const bytes = await readFileOf(folder, SENTENCEPIECE_FILE);
  return new SentencePieceEncoder(bytes, { end: '</s>', pad: '</s>' });
}

async function readText(folder: string, name: string): Promise<string> {
  return (await readFileOf(folder, name)).toString('utf8');
}

async function readFileOf(folder: string, name: string): Promise<Buffer> {
  const file = path.join(folder, name);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new AppError('BAD_USER_INPUT', `There is no file ${name}.`);
  if (found.size > FILE_BYTES_MAX) {
    throw new AppError('BAD_USER_INPUT', `${name} has ${String(found.size)} bytes.`);
  }
  return readFile(file);
}
