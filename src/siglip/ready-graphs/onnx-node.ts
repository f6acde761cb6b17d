import { stringField } from '../onnx/protobuf.js';
import { messageOf, numberOf, ProtobufFault, readFields, textOf } from './protobuf-reader.js';

/** A node of a graph. */
export interface OnnxNode {
  readonly operator: string;
  /** `''` for ONNX's own. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names that graphs inside of it use, its own among them. */
  readonly innerNames: readonly string[];
  /** The `NodeProto`. */
  readonly whole: Uint8Array;
}

/** A graph inside of a graph inside of …; published ones have one. */
const NESTING_MAX = 8;

/** `NodeProto`: input 1, output 2, op_type 4, attribute 5, domain 7. @throws ProtobufFault */
export function readNode(message: Uint8Array, nesting = 0): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const innerNames: string[] = [];
  let [operator, domain] = ['', ''];
  for (const field of readFields(message)) {
    if (field.number === 1) inputs.push(textOf(field));
    else if (field.number === 2) outputs.push(textOf(field));
    else if (field.number === 4) operator = textOf(field);
    else if (field.number === 5) {
      for (const name of namesInside(messageOf(field), nesting)) innerNames.push(name);
    } else if (field.number === 7) domain = textOf(field);
  }
  const plain = domain === 'ai.onnx' ? '' : domain;
  return { operator, domain: plain, inputs, outputs, innerNames, whole: message };
}

/** `AttributeProto`: t 5, g 6, tensors 10, graphs 11; `GraphProto`: node 1, initializer 5. */
function* namesInside(attribute: Uint8Array, nesting: number): Generator<string> {
  for (const field of readFields(attribute)) {
    if (field.number === 5 || field.number === 10) checkInline(messageOf(field));
    if (field.number !== 6 && field.number !== 11) continue;
    if (nesting >= NESTING_MAX) throw new ProtobufFault('Its graphs are nested too deeply');
    for (const part of readFields(messageOf(field))) {
      if (part.number === 5) checkInline(messageOf(part));
      if (part.number !== 1) continue;
      const { inputs, innerNames } = readNode(messageOf(part), nesting + 1);
      yield* inputs;
      yield* innerNames;
    }
  }
}

/** A file that a tensor inside of a node points at would be opened by whoever loads the graph. */
function checkInline(tensor: Uint8Array): void {
  for (const field of readFields(tensor)) {
    if (field.number === 13 || (field.number === 14 && numberOf(field) !== 0)) {
      throw new ProtobufFault('A constant of a node lies in another file');
    }
  }
}

/** The node with other names for some of its inputs and outputs. */
export function renamed(node: OnnxNode, names: ReadonlyMap<string, string>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const field of readFields(node.whole)) {
    const isName = field.number === 1 || field.number === 2;
    const other = isName ? names.get(textOf(field)) : undefined;
    parts.push(other === undefined ? field.whole : stringField(field.number, other));
  }
  return Buffer.concat(parts);
}
