import { AppError } from '../errors.js';
import { CharacterMap } from './tokenizer-charsmap.js';
import type { Encoder } from './tokenizer-encoder.js';

/*
 * SentencePiece's `spiece.model`, read and applied as SentencePiece itself does (src/sentencepiece_model.proto,
 * normalizer.cc, unigram_model.cc `EncodeOptimized`), which transformers' `SiglipTokenizer` is made of. Bytes stand
 * for what the vocabulary lacks, where the model says so.
 */

export const SENTENCEPIECE_FILE = 'spiece.model';

const SPACE = '▁';
/** Below the worst piece, so that a character outside of the vocabulary is a last resort. */
const UNKNOWN_PENALTY = 10;
const PIECES_MAX = 2 ** 20;
const PIECE_CHARS_MAX = 128;

/** `SentencePiece.Type`. */
const NORMAL = 1;
const UNKNOWN = 2;
const USER_DEFINED = 4;
const BYTE = 6;

interface Piece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

export class SentencePieceEncoder implements Encoder {
  readonly endId: number;
  readonly padId: number;
  private readonly ids = new Map<string, number>();
  private readonly scores: Float32Array;
  private readonly bytes = new Map<number, number>();
  private readonly unknownId: number;
  private readonly unknownScore: number;
  private readonly charsMax: number;
  private readonly map: CharacterMap | undefined;
  private readonly collapsesSpaces: boolean;

  /**
   * @param file the bytes of `spiece.model`
   * @param tokens which pieces end and fill a text
   * @throws AppError BAD_USER_INPUT that names what is missing or not read
   */
  constructor(file: Uint8Array, tokens: { readonly end: string; readonly pad: string }) {
    const { pieces, hasBytes, charsmap, collapsesSpaces } = readModel(file);
    this.collapsesSpaces = collapsesSpaces;
    this.map = charsmap.length === 0 ? undefined : new CharacterMap(charsmap);
    const normal = pieces.filter(({ type }) => type === NORMAL).map(({ score }) => score);
    const [lowest, highest] = [Math.min(...bounds(normal)), Math.max(...bounds(normal))];
    this.unknownScore = lowest - UNKNOWN_PENALTY;
    this.scores = new Float32Array(pieces.length);
    let charsMax = 1;
    for (const [id, { text, score, type }] of pieces.entries()) {
      if (type === BYTE && hasBytes) this.bytes.set(Number.parseInt(text.slice(1, -1)), id);
      if (type !== NORMAL && type !== USER_DEFINED) continue;
      this.ids.set(text, id);
      // A piece of the user's own is always preferred, the longer the more.
      const bonus = Buffer.byteLength(text) * highest - 0.1;
      this.scores[id] = type === USER_DEFINED ? bonus : score;
      charsMax = Math.max(charsMax, text.length);
    }
    this.charsMax = charsMax;
    const find = (wanted: string) => {
      const id = pieces.findIndex(({ text }) => text === wanted);
      if (id >= 0) return id;
      throw fault(`has no token "${wanted}"`);
    };
    this.endId = find(tokens.end);
    this.padId = find(tokens.pad);
    this.unknownId = pieces.findIndex(({ type }) => type === UNKNOWN);
    if (this.unknownId < 0) throw fault('has no token for what is unknown');
    if (hasBytes && this.bytes.size !== 256) throw fault('lacks some of the 256 bytes');
  }

  pieces(): Iterable<readonly [string, number]> {
    return this.ids;
  }

  encode(text: string): number[] {
    const normalized = this.normalize(`${SPACE}${text}`);
    return normalized === '' ? [this.endId] : [...this.segment(normalized), this.endId];
  }

  /** As SentencePiece behind a first word: that is how the reference calls it, and then takes the word away. */
  private normalize(text: string): string {
    const mapped = this.map?.normalizeLongest(text) ?? text;
    if (!this.collapsesSpaces) return mapped.replaceAll(' ', SPACE);
    return mapped.replace(/ {2,}/g, ' ').replaceAll(' ', SPACE).replace(/▁+$/, '');
  }

  /** The pieces with the highest sum of scores: the best way to each place, from front to back. */
  private segment(text: string): number[] {
    const length = text.length;
    const best = new Float32Array(length + 1);
    const from = new Int32Array(length + 1).fill(-1);
    const idAt = new Int32Array(length + 1);
    for (let start = 0; start < length;) {
      const size = (text.codePointAt(start) ?? 0) > 0xffff ? 2 : 1;
      let hasCharacter = false;
      const offer = (end: number, id: number, score: number) => {
        const total = Math.fround((best[start] ?? 0) + score);
        if (from[end] !== -1 && !(total > (best[end] ?? 0))) return;
        best[end] = total;
        from[end] = start;
        idAt[end] = id;
      };
      const last = Math.min(length, start + this.charsMax);
      for (let end = start + size; end <= last; end += 1) {
        const id = this.ids.get(text.slice(start, end));
        if (id === undefined) continue;
        offer(end, id, this.scores[id] ?? 0);
        if (end === start + size) hasCharacter = true;
      }
      if (!hasCharacter) offer(start + size, this.unknownId, this.unknownScore);
      start += size;
    }
    const ids: number[][] = [];
    for (let end = length; end > 0; end = from[end] ?? 0) {
      const id = idAt[end] ?? 0;
      if (id !== this.unknownId) ids.push([id]);
      else if (this.bytes.size > 0) ids.push(this.bytesOf(text.slice(from[end] ?? 0, end)));
      // A run of them is one, as SentencePiece has it.
      else if (ids.at(-1)?.[0] !== id) ids.push([id]);
    }
    return ids.reverse().flat();
  }

  private bytesOf(text: string): number[] {
    return Array.from(Buffer.from(text, 'utf8'), (byte) => this.bytes.get(byte) ?? 0);
  }
}

/** Lowest and highest; of many numbers, which do not fit into one call. */
function bounds(values: readonly number[]): [number, number] {
  let [lowest, highest] = [0, values[0] ?? 0];
  for (const value of values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return [lowest, highest];
}

const NONE = new Uint8Array();

function readModel(file: Uint8Array) {
  const pieces: Piece[] = [];
  let [hasBytes, collapsesSpaces] = [false, true];
  let charsmap: Uint8Array = NONE;
  for (const { field, bytes = NONE } of fieldsOf(file)) {
    if (field === 1) pieces.push(readPiece(bytes));
    if (pieces.length > PIECES_MAX) throw fault(`has over ${String(PIECES_MAX)} pieces`);
    for (const setting of field === 2 ? fieldsOf(bytes) : []) {
      if (setting.field === 3 && setting.number !== 1) throw fault('is no Unigram model');
      if (setting.field === 24 && setting.number === 1) throw fault('puts spaces behind words');
      if (setting.field === 35) hasBytes = setting.number === 1;
    }
    for (const setting of field === 3 ? fieldsOf(bytes) : []) {
      if (setting.field === 2) charsmap = setting.bytes ?? NONE;
      if (setting.field === 4) collapsesSpaces = setting.number === 1;
      if (setting.field === 5 && setting.number === 0) throw fault('does not mark spaces');
    }
  }
  if (pieces.length === 0) throw fault('has no pieces');
  return { pieces, hasBytes, charsmap, collapsesSpaces };
}

function readPiece(bytes: Uint8Array): Piece {
  let [text, score, type] = ['', 0, NORMAL];
  for (const { field, number, bytes: value } of fieldsOf(bytes)) {
    if (field === 1 && value) text = decoder.decode(value);
    if (field === 2 && value)
      score = new DataView(value.buffer, value.byteOffset).getFloat32(0, true);
    if (field === 3) type = number;
  }
  if (text.length > PIECE_CHARS_MAX || !Number.isFinite(score)) {
    throw fault(`has a piece "${text.slice(0, 20)}" that is too long or has no score`);
  }
  return { text, score, type };
}

const decoder = new TextDecoder();

/** A field of a protobuf message: a number, or bytes (of a text, a message, or a 32-bit number). */
interface Field {
  readonly field: number;
  readonly number: number;
  readonly bytes?: Uint8Array;
}

/** @throws AppError BAD_USER_INPUT where the message is cut off or of no known kind */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = () => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = message[at];
      if (byte === undefined || factor > 2 ** 63) throw fault('is damaged');
      at += 1;
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => {
    if (length > message.length - at) throw fault('is cut off');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        yield { field, number: varint() };
        break;
      case 1:
        yield { field, number: 0, bytes: take(8) };
        break;
      case 2:
        yield { field, number: 0, bytes: take(varint()) };
        break;
      case 5:
        yield { field, number: 0, bytes: take(4) };
        break;
      default:
        throw fault('is damaged');
    }
  }
}

function fault(what: string): AppError {
  return new AppError('BAD_USER_INPUT', `${SENTENCEPIECE_FILE} ${what}.`);
}
