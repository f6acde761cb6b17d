import { type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../errors.js';
import {
  lengthOf,
  messageOf,
  numberOf,
  numbersOf,
  ProtobufFault,
  readFields,
  readVarint,
  splitKey,
  textOf,
  WIRE,
} from './protobuf-reader.js';
import { type OnnxNode, readNode } from './onnx-node.js';
import { type Initializer, readExternal, type TensorPlace } from './onnx-tensor.js';

/** An input or output of a graph. */
export interface OnnxValue {
  readonly name: string;
  /** `TensorProto.DataType`; 0 for what is no tensor. */
  readonly type: number;
  /** A text, or undefined, is a size that the caller chooses. */
  readonly shape: readonly (number | string | undefined)[];
}

/** All of an ONNX file but the bytes of its larger tensors, which stay where they are. */
export interface OnnxFile {
  readonly path: string;
  readonly bytes: number;
  readonly irVersion: number;
  /** Versions by domain; `''` is ONNX itself. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Initializer>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** A tensor of no more bytes stays in the graph. */
const INLINE_BYTES_MAX = 1024;
/** Beside its weights, the graph of a published model has 1 MB. */
const STRUCTURE_BYTES_MAX = 64 * 2 ** 20;
const TENSOR_HEAD_BYTES_MAX = 64 * 2 ** 10;
const WINDOW_BYTES = 64 * 2 ** 10;

/**
 * Reads an ONNX file of any size by position.
 *
 * @throws AppError BAD_USER_INPUT that names the file and what is wrong with it
 */
export async function readOnnx(file: string): Promise<OnnxFile> {
  const name = path.basename(file);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new AppError('BAD_USER_INPUT', `There is no file ${name}.`);
  const handle = await open(file, 'r');
  try {
    return { path: file, bytes: found.size, ...(await readModel(new Cursor(handle, found.size))) };
  } catch (error) {
    if (!(error instanceof ProtobufFault)) throw error;
    const message = `${name} is no ONNX file that is read: ${error.message}.`;
    throw new AppError('BAD_USER_INPUT', message, { cause: error });
  } finally {
    await handle.close();
  }
}

/** `ModelProto`: ir_version 1, graph 7, opset_import 8 { domain 1, version 2 }, functions 25. */
async function readModel(cursor: Cursor): Promise<Omit<OnnxFile, 'path' | 'bytes'>> {
  let irVersion = 0;
  let graph: Graph | undefined;
  const opsets = new Map<string, number>();
  while (cursor.at < cursor.end) {
    const { number, value, length } = await cursor.field();
    if (number === 1 && value !== undefined) irVersion = Number(value);
    else if (number === 7) {
      if (graph !== undefined) throw new ProtobufFault('It has two graphs');
      graph = await readGraph(cursor, cursor.at + length);
    } else if (number === 8) {
      const [domain, version] = readOpset(await cursor.structure(length));
      opsets.set(domain, version);
    } else if (number === 25) throw new ProtobufFault('It has functions of its own');
    // Protobuf: a field that is not needed is skipped by its length.
    else cursor.skip(length);
  }
  if (graph === undefined) throw new ProtobufFault('It has no graph');
  return { irVersion, opsets, ...graph };
}

function readOpset(message: Uint8Array): [string, number] {
  let [domain, version] = ['', 0];
  for (const field of readFields(message)) {
    if (field.number === 1) domain = textOf(field);
    if (field.number === 2) version = numberOf(field);
  }
  return [domain === 'ai.onnx' ? '' : domain, version];
}

type Graph = Pick<OnnxFile, 'nodes' | 'initializers' | 'inputs' | 'outputs'>;

/** `GraphProto`: node 1, initializer 5, input 11, output 12, sparse_initializer 15. */
async function readGraph(cursor: Cursor, end: number): Promise<Graph> {
  if (end > cursor.end) throw new ProtobufFault('It ends early');
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, Initializer>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  while (cursor.at < end) {
    const { number, length } = await cursor.field();
    if (cursor.at + length > end) throw new ProtobufFault('It ends early');
    if (number === 1) nodes.push(readNode(await cursor.structure(length)));
    else if (number === 5) {
      const initializer = await readInitializer(cursor, length);
      if (initializers.has(initializer.name)) {
        throw new ProtobufFault(`Two tensors have the name "${initializer.name}"`);
      }
      initializers.set(initializer.name, initializer);
    } else if (number === 11) inputs.push(readValue(await cursor.structure(length)));
    else if (number === 12) outputs.push(readValue(await cursor.structure(length)));
    else if (number === 15) throw new ProtobufFault('It has sparse tensors');
    else cursor.skip(length);
  }
  return { nodes, initializers, inputs, outputs };
}

/** `TensorProto`: dims 1, data_type 2, float_data 4, name 8, raw_data 9, external_data 13, data_location 14. */
async function readInitializer(cursor: Cursor, length: number): Promise<Initializer> {
  const end = cursor.at + length;
  const dims: number[] = [];
  let [name, type, isExternal] = ['', 0, false];
  let data: TensorPlace | undefined;
  const entries: [string, string][] = [];
  const isSmall = length <= INLINE_BYTES_MAX;
  const whole = isSmall ? await cursor.peek(length) : undefined;
  let headBytes = 0;
  while (cursor.at < end) {
    const field = await cursor.field();
    if (cursor.at + field.length > end) throw new ProtobufFault('A tensor ends early');
    // Little-endian floats without gaps, as raw_data is.
    const holdsData = field.number === 9 || (field.number === 4 && field.packed);
    if (holdsData && !isSmall) {
      if (data !== undefined) throw new ProtobufFault(`"${name}" has its data twice`);
      data = { offset: cursor.at, bytes: field.length };
      cursor.skip(field.length);
      continue;
    }
    headBytes += field.length;
    if (headBytes > TENSOR_HEAD_BYTES_MAX) {
      throw new ProtobufFault(`"${name}" holds its numbers in a way that is not read`);
    }
    const bytes = await cursor.structure(field.length);
    const read = { number: field.number, bytes, whole: bytes };
    if (field.number === 1) {
      dims.push(...numbersOf(field.value === undefined ? read : { ...read, value: field.value }));
    } else if (field.number === 2) type = Number(field.value ?? 0n);
    else if (field.number === 8) name = textOf(read);
    else if (field.number === 13) entries.push(readExternal(bytes));
    else if (field.number === 14) isExternal = field.value === 1n;
  }
  const tensor = { name, type, dims };
  if (isExternal) return { ...tensor, external: Object.fromEntries(entries) };
  if (whole !== undefined) return { ...tensor, whole };
  if (data === undefined) throw new ProtobufFault(`"${name}" has no data that is read`);
  return { ...tensor, data };
}

/** `ValueInfoProto`: name 1, type 2 { tensor 1 { element 1, shape 2 { dimension 1 { value 1 | name 2 } } } }. */
function readValue(message: Uint8Array): OnnxValue {
  let [name, type] = ['', 0];
  const shape: (number | string | undefined)[] = [];
  for (const field of readFields(message)) {
    if (field.number === 1) name = textOf(field);
    if (field.number !== 2) continue;
    for (const kind of readFields(messageOf(field))) {
      if (kind.number !== 1) continue;
      for (const part of readFields(messageOf(kind))) {
        if (part.number === 1) type = numberOf(part);
        if (part.number !== 2) continue;
        for (const dimension of readFields(messageOf(part))) {
          if (dimension.number === 1) shape.push(readDimension(messageOf(dimension)));
        }
      }
    }
  }
  return { name, type, shape };
}

function readDimension(message: Uint8Array): number | string | undefined {
  for (const field of readFields(message)) {
    if (field.number === 1) return numberOf(field);
    if (field.number === 2) return textOf(field);
  }
  return undefined;
}

/** A place in a file, with what lies behind it in memory. */
class Cursor {
  at = 0;
  private window = new Uint8Array();
  private windowAt = 0;
  private structureBytes = 0;

  constructor(
    private readonly handle: FileHandle,
    readonly end: number,
  ) {}

  /** The key of the field here, and its value where it is a varint; otherwise its bytes lie here. */
  async field(): Promise<{ number: number; value?: bigint; length: number; packed: boolean }> {
    const { number, wireType } = splitKey(await this.varint());
    if (wireType === WIRE.varint) {
      return { number, value: await this.varint(), length: 0, packed: false };
    }
    const packed = wireType === WIRE.lengthDelimited;
    const ahead = packed ? await this.varint() : 0n;
    const length = lengthOf(wireType, () => ahead);
    if (length > this.end - this.at) throw new ProtobufFault('It ends early');
    return { number, length, packed };
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  /** Bytes of the graph itself, of which there are not many. */
  async structure(length: number): Promise<Uint8Array> {
    this.structureBytes += length;
    if (this.structureBytes > STRUCTURE_BYTES_MAX)
      throw new ProtobufFault('Its graph is too large');
    const bytes = await this.peek(length);
    this.at += length;
    return bytes;
  }

  async peek(length: number): Promise<Uint8Array> {
    await this.fill(length);
    const from = this.at - this.windowAt;
    return this.window.slice(from, from + length);
  }

  private async varint(): Promise<bigint> {
    await this.fill(Math.min(10, this.end - this.at));
    const { value, end } = readVarint(this.window, this.at - this.windowAt);
    this.at = this.windowAt + end;
    return value;
  }

  private async fill(length: number): Promise<void> {
    const has = this.windowAt + this.window.length - this.at;
    if (this.at >= this.windowAt && has >= length) return;
    const wanted = Math.min(Math.max(length, WINDOW_BYTES), this.end - this.at);
    const window = new Uint8Array(wanted);
    const { bytesRead } = await this.handle.read(window, 0, wanted, this.at);
    if (bytesRead < length) throw new ProtobufFault('It ends early');
    this.window = window.subarray(0, bytesRead);
    this.windowAt = this.at;
  }
}
