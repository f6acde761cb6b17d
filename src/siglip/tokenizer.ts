import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../errors.js';
import type { TextConfig } from './config.js';
import {
  type LibraryTokenizer,
  loadTokenizer,
  TOKENIZER_CONFIG_FILE,
  TOKENIZER_FILE,
} from './tokenizer-files.js';

/** The published file has 2.4 MB, that of SigLIP 2 34 MB. */
const FILE_BYTES_MAX = 64 * 2 ** 20;

/** Characters between two pauses: about 5 ms in the tokenizer. */
const CHARS_PER_STEP = 1000;

type Sizes = Pick<TextConfig, 'contextLength' | 'vocabSize'>;

/** Makes prompts the ids that a checkpoint's text graph takes. */
export class Tokenizer {
  readonly #tokenizer: LibraryTokenizer;
  readonly #sizes: Sizes;
  readonly #endId: number;
  readonly #padId: number;

  /**
   * @param tokenizerJson text of `tokenizer.json`
   * @param configJson text of `tokenizer_config.json`
   * @throws AppError BAD_USER_INPUT that names what is missing or what this tokenizer would get wrong
   */
  constructor(tokenizerJson: string, configJson: string, sizes: Sizes) {
    const { tokenizer, endToken, padToken } = loadTokenizer(tokenizerJson, configJson);
    this.#tokenizer = tokenizer;
    this.#sizes = sizes;
    this.#endId = this.#specialId(endToken);
    this.#padId = this.#specialId(padToken);
    // What truncation keeps is put there by the tokenizer itself, or not at all.
    if (this.#tokenizer.encode('').ids.at(-1) !== this.#endId) {
      throw new AppError(
        'BAD_USER_INPUT',
        `${TOKENIZER_FILE} does not end a text with "${endToken}".`,
      );
    }
  }

  /** Reads both files of a checkpoint's folder. */
  static async open(folder: string, sizes: Sizes): Promise<Tokenizer> {
    // One after the other: of two that are missing it is always the same one that is named.
    const tokenizerJson = await readText(folder, TOKENIZER_FILE);
    const configJson = await readText(folder, TOKENIZER_CONFIG_FILE);
    return new Tokenizer(tokenizerJson, configJson, sizes);
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
    const { contextLength } = this.#sizes;
    const ids = new BigInt64Array(prompts.length * contextLength).fill(BigInt(this.#padId));
    let charsInStep = 0;
    for (const [row, prompt] of prompts.entries()) {
      if (charsInStep > CHARS_PER_STEP) {
        charsInStep = 0;
        await setImmediate();
      }
      signal?.throwIfAborted();
      charsInStep += prompt.length;
      ids.set(this.#encodeOne(prompt), row * contextLength);
    }
    return ids;
  }

  /** Up to the context length of them, the last one the end token. */
  #encodeOne(prompt: string): bigint[] {
    const { contextLength, vocabSize } = this.#sizes;
    const { ids } = this.#tokenizer.encode(prompt);
    if (ids.length > contextLength) ids.splice(contextLength - 1, Infinity, this.#endId);
    return ids.map((id) => {
      if (Number.isInteger(id) && id >= 0 && id < vocabSize) return BigInt(id);
      throw new Error(`Token ${String(id)} is not in the vocabulary of ${String(vocabSize)}.`);
    });
  }

  #specialId(token: string): number {
    const id = this.#tokenizer.token_to_id(token);
    if (id !== undefined && id < this.#sizes.vocabSize) return id;
    throw new AppError(
      'BAD_USER_INPUT',
      `${TOKENIZER_FILE} has no token "${token}" for the model.`,
    );
  }
}

async function readText(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new AppError('BAD_USER_INPUT', `There is no file ${name}.`);
  if (found.size > FILE_BYTES_MAX) {
    throw new AppError('BAD_USER_INPUT', `${name} has ${String(found.size)} bytes.`);
  }
  return readFile(file, 'utf8');
}
