/** What makes ids of a cleaned text; one for each kind of tokenizer. */
export interface Encoder {
  /** All ids of a text, with those that begin and end it, not cut and not padded. */
  encode(text: string): number[];
  readonly endId: number;
  readonly padId: number;
  /** What stands for all that the vocabulary lacks; left out where such text is spelled in bytes. */
  readonly unreadId?: number;
  /** A word's beginning alone, which says nothing. */
  readonly blankId?: number | undefined;
  /** Every piece that a text can be made of, with its id. A space is `▁` where pieces have spaces. */
  pieces(): Iterable<readonly [piece: string, id: number]>;
}
