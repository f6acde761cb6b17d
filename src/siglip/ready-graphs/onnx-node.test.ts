import { bytesField, intField, messageField, stringField } from '../onnx/protobuf.js';
import { readNode, renamed } from './onnx-node.js';
import { readFields, textOf } from './protobuf-reader.js';

/** `AttributeProto`: name 1, g 6, with a graph of one node. */
const graphAttribute = (node: Uint8Array[]) =>
  messageField(5, [stringField(1, 'then_branch'), messageField(6, [messageField(1, node)])]);

test('a node has the names that its inner graphs read, at any depth', () => {
  const inner = [stringField(1, 'outer'), stringField(2, 'x'), stringField(4, 'Identity')];
  const middle = [stringField(1, 'between'), graphAttribute(inner)];
  const node = readNode(
    Buffer.concat([stringField(1, 'condition'), stringField(4, 'If'), graphAttribute(middle)]),
  );
  expect(node).toMatchObject({ operator: 'If', domain: '', inputs: ['condition'] });
  expect(node.innerNames).toEqual(['between', 'outer']);
});

test('inputs and outputs get other names, and all else stays', () => {
  const message = Buffer.concat([
    stringField(1, 'a'),
    stringField(1, 'b'),
    stringField(2, 'a'),
    stringField(3, 'a'),
    stringField(4, 'Add'),
  ]);
  const bytes = renamed(readNode(message), new Map([['a', 'longer']]));
  const texts = [...readFields(bytes)].map((field) => [field.number, textOf(field)]);
  expect(texts).toEqual([
    [1, 'longer'],
    [1, 'b'],
    [2, 'longer'],
    [3, 'a'],
    [4, 'Add'],
  ]);
});

test.each<[string, Uint8Array]>([
  ['a length beyond the end', bytesField(1, new Uint8Array(9)).subarray(0, 5)],
  ['a number that never ends', new Uint8Array(20).fill(0xff)],
  ['a wire type that there is not', Uint8Array.of(0x0b)],
  ['field 0', Uint8Array.of(0x02, 0x00)],
  ['a name that is a number', intField(1, 5)],
  ['a name that is no text', bytesField(1, Uint8Array.of(0xff, 0xfe))],
  ['a constant in another file', messageField(5, [messageField(5, [intField(14, 1)])])],
])('%s is refused', (_name, message) => {
  expect(() => readNode(message)).toThrow();
});

test('graphs inside of graphs without end are refused', () => {
  let node: Uint8Array[] = [stringField(4, 'Identity')];
  for (let depth = 0; depth < 1000; depth += 1) node = [graphAttribute(node)];
  expect(() => readNode(Buffer.concat(node))).toThrow('nested too deeply');
});
