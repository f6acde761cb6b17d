import {
  bytesField,
  type Field,
  floatField,
  intField,
  intsField,
  messageField,
  stringField,
} from './protobuf.js';

/*
 * The messages of onnx/onnx.proto (ONNX 1.15, IR version 9) that our graphs use. The numbers are the
 * field numbers there.
 */

/** `TensorProto.DataType`. */
export const DATA_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int64: 7,
  float16: 10,
  bfloat16: 16,
} as const;

export type DataType = keyof typeof DATA_TYPES;

/** A number of an attribute is a `float` or an `int` in ONNX; JavaScript does not tell them apart. */
export type Attribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

/** A size, or the name of one that is only known when the graph runs. */
export type Dimension = number | string;

/** An input or output of a graph. */
export interface ValueInfo {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly Dimension[];
}

/** Where the bytes of an initializer lie: relative to the folder of the ONNX file. */
export interface DataLocation {
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** `ValueInfoProto`: name 1, type 2 { tensor 1 { element 1, shape 2 { dimension 1 { value 1 | name 2 } } } }. */
function valueInfo({ name, type, shape }: ValueInfo): Field[] {
  const dimensions = shape.map((size) =>
    messageField(1, [typeof size === 'number' ? intField(1, size) : stringField(2, size)]),
  );
  const tensor = [intField(1, DATA_TYPES[type]), messageField(2, dimensions)];
  return [stringField(1, name), messageField(2, [messageField(1, tensor)])];
}

/** `TensorProto` with its data inside: dims 1, data_type 2, name 8, raw_data 9. */
export function inlineTensor(
  name: string,
  type: DataType | number,
  dims: readonly number[],
  data: Uint8Array,
): Field[] {
  return [...tensorHead(name, type, dims), bytesField(9, data)];
}

/** `TensorProto` with its data in another file: external_data 13 { key 1, value 2 }, data_location 14. */
export function externalTensor(
  name: string,
  type: DataType | number,
  dims: readonly number[],
  { file, offset, bytes }: DataLocation,
): Field[] {
  const entries = Object.entries({ location: file, offset: String(offset), length: String(bytes) });
  const external = entries.map(([key, value]) =>
    messageField(13, [stringField(1, key), stringField(2, value)]),
  );
  return [...tensorHead(name, type, dims), ...external, intField(14, 1)];
}

/** @param type by its name or number */
function tensorHead(name: string, type: DataType | number, dims: readonly number[]): Field[] {
  const number = typeof type === 'number' ? type : DATA_TYPES[type];
  return [intsField(1, dims), intField(2, number), stringField(8, name)];
}

/** `NodeProto`: input 1, output 2, name 3, op_type 4, attribute 5, domain 7. */
export function nodeProto(node: {
  readonly operator: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}): Field[] {
  const attributes = Object.entries(node.attributes);
  return [
    ...node.inputs.map((input) => stringField(1, input)),
    ...node.outputs.map((output) => stringField(2, output)),
    stringField(3, node.name),
    stringField(4, node.operator),
    ...attributes.map(([name, value]) => messageField(5, attributeProto(name, value))),
    stringField(7, node.domain),
  ];
}

/** `AttributeProto`: name 1, f 2, i 3, s 4, ints 8, type 20 (FLOAT 1, INT 2, STRING 3, INTS 7). */
function attributeProto(name: string, value: Attribute): Field[] {
  const head = stringField(1, name);
  if ('float' in value) return [head, floatField(2, value.float), intField(20, 1)];
  if ('int' in value) return [head, intField(3, value.int), intField(20, 2)];
  if ('string' in value) return [head, stringField(4, value.string), intField(20, 3)];
  return [head, intsField(8, value.ints), intField(20, 7)];
}

/** `ModelProto`: ir_version 1, producer_name 2, graph 7, opset_import 8 { domain 1, version 2 }. */
export function modelProto(model: {
  readonly graph: readonly Field[];
  readonly opsets: Readonly<Record<string, number>>;
  readonly irVersion: number;
}): Uint8Array {
  return Buffer.concat([
    intField(1, model.irVersion),
    stringField(2, 'gigarouter'),
    messageField(7, model.graph),
    ...Object.entries(model.opsets).map(([domain, version]) =>
      messageField(8, [stringField(1, domain), intField(2, version)]),
    ),
  ]);
}

/** `GraphProto`: node 1, name 2, initializer 5, input 11, output 12. */
export function graphProto(graph: {
  readonly name: string;
  readonly nodes: readonly (readonly Field[])[];
  readonly initializers: readonly (readonly Field[])[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}): Field[] {
  return [
    ...graph.nodes.map((node) => messageField(1, node)),
    stringField(2, graph.name),
    ...graph.initializers.map((tensor) => messageField(5, tensor)),
    ...graph.inputs.map((input) => messageField(11, valueInfo(input))),
    ...graph.outputs.map((output) => messageField(12, valueInfo(output))),
  ];
}
