import { AppError } from '../errors.js';

/**
 * SentencePiece's table of replacements, applied as the Rust `tokenizers` does
 * (tokenizers/src/normalizers/precompiled.rs, spm_precompiled). Takes the place of the normalizer in
 * @huggingface/tokenizers 0.2.0, which does not read the table: it makes
 * U+200D, which joins emoji and Indic letters, a space, and follows a newer Unicode than the table.
 */
export class CharacterMap {
  private readonly trie: Uint32Array;
  /** Replacements, each ending in a zero byte. */
  private readonly texts: Uint8Array;

  /**
   * @param table in base64 or as it is: size of the trie in bytes (little-endian 32 bits), the trie (darts-clone), the texts
   * @throws AppError BAD_USER_INPUT when the table is damaged
   */
  constructor(table: string | Uint8Array) {
    const bytes = Uint8Array.from(typeof table === 'string' ? Buffer.from(table, 'base64') : table);
    const view = new DataView(bytes.buffer);
    const trieBytes = bytes.length < 4 ? 0 : view.getUint32(0, true);
    if (trieBytes === 0 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) {
      throw new AppError('BAD_USER_INPUT', 'The tokenizer’s precompiled_charsmap is damaged.');
    }
    this.trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) =>
      view.getUint32(4 + i * 4, true),
    );
    this.texts = bytes.subarray(4 + trieBytes);
  }

  normalize(text: string): string {
    let result = '';
    for (const { segment } of GRAPHEMES.segment(text)) {
      const bytes = encoder.encode(segment);
      // A short cluster is looked up whole, and replaced whole by what its beginning maps to: so is
      // Rust's, and the reference's ids depend on it.
      const whole = bytes.length < 6 ? this.lookUp(bytes) : undefined;
      result += whole ?? this.eachCharacter(segment);
    }
    return result;
  }

  /**
   * The same as SentencePiece itself does it (src/normalizer.cc, `NormalizePrefix`): what the longest key at each place
   * maps to, wherever a character ends.
   */
  normalizeLongest(text: string): string {
    const bytes = encoder.encode(text);
    let result = '';
    for (let from = 0; from < bytes.length;) {
      const found = this.longest(bytes, from);
      const end = found?.end ?? from + characterBytes(bytes[from] ?? 0);
      result += found === undefined ? decoder.decode(bytes.subarray(from, end)) : found.text;
      from = end;
    }
    return result;
  }

  private longest(bytes: Uint8Array, from: number): { end: number; text: string } | undefined {
    let node = offsetOf(this.trie[0] ?? 0);
    let found: { end: number; at: number } | undefined;
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      node ^= byte;
      const unit = this.trie[node];
      if (byte === 0 || unit === undefined || (unit & 0x800000ff) !== byte) break;
      node ^= offsetOf(unit);
      if ((unit & 0x100) !== 0) found = { end: at + 1, at: (this.trie[node] ?? 0) & 0x7fffffff };
    }
    return found && { end: found.end, text: this.textAt(found.at) };
  }

  private eachCharacter(segment: string): string {
    let result = '';
    for (const character of segment) {
      result += this.lookUp(encoder.encode(character)) ?? character;
    }
    return result;
  }

  /** What the shortest key that `bytes` begin with maps to. */
  private lookUp(bytes: Uint8Array): string | undefined {
    let node = offsetOf(this.trie[0] ?? 0);
    for (const byte of bytes) {
      node ^= byte;
      const unit = this.trie[node];
      // The sign bit marks a value; a node that is no child of this one has another label.
      if (byte === 0 || unit === undefined || (unit & 0x800000ff) !== byte) return undefined;
      node ^= offsetOf(unit);
      if ((unit & 0x100) !== 0) return this.textAt((this.trie[node] ?? 0) & 0x7fffffff);
    }
    return undefined;
  }

  private textAt(from: number): string {
    const end = this.texts.indexOf(0, from);
    return decoder.decode(this.texts.subarray(from, end < 0 ? undefined : end));
  }
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Of well-formed UTF-8, by its first byte. */
function characterBytes(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/** Of a unit of darts-clone: 21 bits, or as many with 8 zeros behind. */
function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
