import { type TensorRef, wholeTensors } from '../names.js';
import type { Dtype } from '../safetensors-header.js';
import type { WeightTensor } from '../weights.js';
import type { Field } from './protobuf.js';
import {
  type Attribute,
  type DataLocation,
  DATA_TYPES,
  type DataType,
  externalTensor,
  graphProto,
  inlineTensor,
  modelProto,
  nodeProto,
  type ValueInfo,
} from './proto.js';

/** The name of a value in a graph: an input, a weight, or an output of a node. */
export type Value = string;

/** The operators of ONNX Runtime itself, which other runtimes do not have. */
export const MICROSOFT = 'com.microsoft';

/** A set of standard operators, and the version of the file format that came with it (onnx, Versioning.md). */
export interface Opset {
  readonly opset: number;
  readonly irVersion: number;
}
/** The first with `Gelu`: for files that other runtimes load. */
export const OPSET_WITH_GELU: Opset = { opset: 20, irVersion: 9 };
/** The first with `Attention`. */
export const OPSET_WITH_ATTENTION: Opset = { opset: 23, irVersion: 11 };

const STORED_TYPES = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
} as const satisfies Record<Dtype, DataType>;

/** Where a graph finds the checkpoint: its tensors, and which file beside the graph holds each. */
export type WeightSource = ReadonlyMap<string, WeightTensor>;

/**
 * Collects the nodes and constants of one ONNX graph. Weights are never copied into it: they are external
 * data that points into the checkpoint by offset. Values are named after the part of the model that
 * makes them, so that a viewer or profiler shows where one is.
 */
export class GraphBuilder {
  private readonly nodes: Field[][] = [];
  /** By name: a constant that several nodes use is written once. */
  private readonly initializers = new Map<string, Field[]>();
  private readonly widened = new Map<string, Value>();
  private readonly domains = new Set<string>();
  private scope = '';

  constructor(
    readonly source: WeightSource,
    private readonly version: Opset,
  ) {}

  /** Names what `build` adds after a part of the model, as `vision.blocks.0`. */
  within<T>(scope: string, build: () => T): T {
    const outer = this.scope;
    this.scope = outer === '' ? scope : `${outer}/${scope}`;
    try {
      return build();
    } finally {
      this.scope = outer;
    }
  }

  /** Adds a node with one output. An empty input name leaves an optional input out. */
  node(
    operator: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value {
    const [output] = this.add(operator, inputs, 1, attributes, domain);
    if (output === undefined) throw new RangeError('A node has an output.');
    return output;
  }

  /** Cuts the last axis, of `3 · n`, into three equal parts. */
  thirds(input: Value): [Value, Value, Value] {
    const attributes = { axis: { int: -1 }, num_outputs: { int: 3 } };
    const [first, second, third] = this.add('Split', [input], 3, attributes, '');
    if (first === undefined || second === undefined || third === undefined) {
      throw new RangeError('A split into three has three outputs.');
    }
    return [first, second, third];
  }

  /** Gives a value the name of an output of the graph. */
  output(value: Value, name: string): void {
    this.nodes.push(
      nodeProto({
        operator: 'Identity',
        domain: '',
        name: `output/${name}`,
        inputs: [value],
        outputs: [name],
        attributes: {},
      }),
    );
  }

  /**
   * A tensor of the checkpoint as float32. What is stored in half precision is widened when the graph
   * is loaded; see the README for what that costs.
   *
   * @param ref a part leaves out all but some of the tensor's rows, which lie one behind the other
   * @param dims another shape for the same bytes
   * @throws AppError BAD_USER_INPUT when the checkpoint has no such tensor
   */
  weight({ tensor: name, part, leadingOnes = 0 }: TensorRef, dims?: readonly number[]): Value {
    const { dtype, shape, offset, bytes, file } = this.tensor(name);
    const { at, of } = part ?? { at: 0, of: 1 };
    const [rows = 1, ...rest] = shape.slice(leadingOnes);
    const kept = dims ?? (shape.length === leadingOnes ? [] : [rows / of, ...rest]);
    const location = { file, offset: offset + (at * bytes) / of, bytes: bytes / of };
    const value = of === 1 ? name : `${name}[${String(at)}]`;
    const stored = this.external(value, STORED_TYPES[dtype], kept, location);
    if (dtype === 'F32') return stored;
    let widened = this.widened.get(value);
    if (widened === undefined) {
      widened = this.node('Cast', [stored], { to: { int: DATA_TYPES.float32 } });
      this.widened.set(value, widened);
    }
    return widened;
  }

  /** Rows of several refs, one behind the other. Constant: the runtime joins them once, at load. */
  stack(refs: readonly TensorRef[]): Value {
    const names = wholeTensors(refs);
    const [only] = names;
    if (only !== undefined && names.length === 1) return this.weight({ tensor: only });
    const parts = names.map((tensor) => this.weight({ tensor }));
    return this.node('Concat', parts, { axis: { int: 0 } });
  }

  /** A constant whose bytes lie in a file beside the graph. */
  external(name: string, type: DataType, dims: readonly number[], location: DataLocation): Value {
    this.initializers.set(name, externalTensor(name, type, dims, location));
    return name;
  }

  /** A constant of int64 numbers: `dims` of other nodes, indices. Rank 1, or 0 for a single number. */
  integers(values: readonly number[] | number): Value {
    const list = typeof values === 'number' ? [values] : values;
    const dims = typeof values === 'number' ? [] : [values.length];
    const data = new BigInt64Array(list.map((value) => BigInt(value)));
    return this.constant(`int64:${JSON.stringify(values)}`, 'int64', dims, data.buffer);
  }

  /** A constant of float32 numbers. Rank 1, or 0 for a single number. */
  floats(values: readonly number[] | number): Value {
    const data = new Float32Array(typeof values === 'number' ? [values] : values);
    const dims = typeof values === 'number' ? [] : [data.length];
    return this.constant(`float32:${JSON.stringify(values)}`, 'float32', dims, data.buffer);
  }

  /** Adds a node of another graph, a `NodeProto`. */
  adopt(node: Uint8Array, domain: string): void {
    this.nodes.push([node]);
    if (domain !== '') this.domains.add(domain);
  }

  /** Adds a constant of another graph, the fields of a `TensorProto`. */
  adoptConstant(name: string, tensor: readonly Field[]): Value {
    this.initializers.set(name, [...tensor]);
    return name;
  }

  /** The finished ONNX file. Deterministic: the same calls give the same bytes. */
  finish(name: string, inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): Uint8Array {
    const initializers = [...this.initializers.values()];
    const { opset, irVersion } = this.version;
    const opsets: Record<string, number> = { '': opset };
    for (const domain of this.domains) opsets[domain] = 1;
    const graph = graphProto({ name, nodes: this.nodes, initializers, inputs, outputs });
    return modelProto({ graph, opsets, irVersion });
  }

  private tensor(name: string): WeightTensor {
    const tensor = this.source.get(name);
    if (!tensor)
      throw new RangeError(`The checkpoint was not checked: it has no tensor "${name}".`);
    return tensor;
  }

  private constant(
    name: string,
    type: DataType,
    dims: readonly number[],
    data: ArrayBuffer,
  ): Value {
    this.initializers.set(name, inlineTensor(name, type, dims, new Uint8Array(data)));
    return name;
  }

  private add(
    operator: string,
    inputs: readonly Value[],
    outputs: number,
    attributes: Readonly<Record<string, Attribute>>,
    domain: string,
  ): Value[] {
    const name = `${this.scope}/${operator}_${String(this.nodes.length)}`;
    const names = Array.from({ length: outputs }, (_, i) =>
      i === 0 ? name : `${name}:${String(i)}`,
    );
    this.nodes.push(nodeProto({ operator, domain, name, inputs, outputs: names, attributes }));
    if (domain !== '') this.domains.add(domain);
    return names;
  }
}
