/** One of the equal parts that the rows of a tensor are cut into, counted from 0. */
export interface Part {
  readonly at: number;
  readonly of: number;
}

/** Where a weight is found: a tensor of the checkpoint, or a part of its rows. */
export interface TensorRef {
  readonly tensor: string;
  readonly part?: Part;
  /** Leading dimensions of 1 that it is stored with. */
  readonly leadingOnes?: number;
}

/** A Linear: `[out, in]` as PyTorch stores it, or transposed, `[in, out]`. */
export interface LinearNames {
  readonly weight: TensorRef;
  readonly bias?: TensorRef;
  readonly transposed?: true;
}

export interface BlockNames {
  /** Norms take `.weight` and `.bias`. */
  readonly norm1: string;
  readonly query: LinearNames;
  readonly key: LinearNames;
  readonly value: LinearNames;
  readonly attentionOut: LinearNames;
  readonly norm2: string;
  readonly mlpUp: LinearNames;
  readonly mlpDown: LinearNames;
}

export interface BlocksNames {
  /** Before the number of a block. */
  readonly prefix: string;
  /** @param block the prefix, the number and a dot */
  readonly of: (block: string) => BlockNames;
}

/** SigLIP's attention pool: one learned query attends to all patches. */
export interface PoolNames {
  readonly probe: TensorRef;
  readonly query: LinearNames;
  readonly key: LinearNames;
  readonly value: LinearNames;
  readonly out: LinearNames;
  readonly norm: string;
  readonly mlpUp: LinearNames;
  readonly mlpDown: LinearNames;
}

export interface VisionNames {
  /** `[width, 3, patch, patch]`. */
  readonly patches: LinearNames;
  readonly classToken?: TensorRef;
  readonly positions: TensorRef;
  /** Norm of the embeddings, before the first block. */
  readonly normBefore?: string;
  readonly blocks: BlocksNames;
  /** Of the patches after the last block, or of the class token alone. */
  readonly norm: string;
  readonly pool?: PoolNames;
  readonly projection?: LinearNames;
}

export interface TextNames {
  readonly tokens: TensorRef;
  readonly positions: TensorRef;
  readonly blocks: BlocksNames;
  readonly norm: string;
  /** Left out where an embedding is the feature itself. */
  readonly projection?: LinearNames | undefined;
}

/** What the parts of a model are called in its checkpoint. */
export interface TensorNames {
  readonly vision: VisionNames;
  readonly text: TextNames;
  /** Its natural logarithm is stored. */
  readonly logitScale: string;
  /** Left out where there is none: 0. */
  readonly logitBias?: string;
  /** Tensors that are no weights: constants that the reference computes itself. */
  readonly ignored: readonly RegExp[];
}

export function whole(tensor: string, leadingOnes = 0): TensorRef {
  return leadingOnes === 0 ? { tensor } : { tensor, leadingOnes };
}

/** `<name>.weight` and `<name>.bias`. */
export function linear(name: string): LinearNames {
  return { weight: { tensor: `${name}.weight` }, bias: { tensor: `${name}.bias` } };
}

/** One of several Linears whose rows lie one behind the other in the same two tensors. */
export function packedLinear(weight: string, bias: string, part: Part): LinearNames {
  return { weight: { tensor: weight, part }, bias: { tensor: bias, part } };
}

/** Query, key and value of one packed projection, in this order. */
export function packedProjections(weight: string, bias: string) {
  const third = (at: number) => packedLinear(weight, bias, { at, of: 3 });
  return { query: third(0), key: third(1), value: third(2) };
}

export function blockNames({ prefix, of }: BlocksNames, index: number): BlockNames {
  return of(`${prefix}${String(index)}.`);
}

/** Tensors whose rows, one behind the other, are those of the refs. @throws RangeError for parts that are no whole */
export function wholeTensors(refs: readonly TensorRef[]): string[] {
  const names: string[] = [];
  for (let at = 0; at < refs.length;) {
    const { tensor, part } = refs[at] ?? { tensor: '' };
    const count = part?.of ?? 1;
    const isWhole = Array.from({ length: count }, (_, i) => refs[at + i]).every(
      (ref, i) => ref?.tensor === tensor && (ref.part?.at ?? 0) === i,
    );
    if (!isWhole) throw new RangeError(`Parts of "${tensor}" are no whole.`);
    names.push(tensor);
    at += count;
  }
  return names;
}
