import fc from 'fast-check';
import { z } from 'zod';
import { readLabelSchema } from './label-schema.js';
import type { Scores } from './label-score.js';

const text = (...labels: string[]) => ({ type: 'string', enum: labels });
const object = (properties: object, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

/** cat has a probability of 0.9 or so, dog of 0.6, all others of next to nothing. */
function scoresOf(labels: readonly string[]): Scores {
  const logits: Record<string, number> = { cat: 2.2, dog: 0.4 };
  return new Map(
    labels.map((label, at) => {
      const logit = logits[label] ?? -10 - at;
      return [label, { label, logit, probability: 1 / (1 + Math.exp(-logit)) }];
    }),
  );
}

function answer(schema: unknown): unknown {
  const { labels, write } = readLabelSchema(schema, 'response_format');
  return write(scoresOf(labels));
}

const CASES: [string, object, unknown][] = [
  ['an enum', object({ label: text('dog', 'cat', 'bird') }), { label: 'cat' }],
  ['an enum as the whole', text('dog', 'cat'), 'cat'],
  ['an enum with null', object({ animal: { enum: ['dog', null] } }), { animal: 'dog' }],
  ['consts', object({ is: { anyOf: [{ const: 'cat' }, { const: 'dog' }] } }), { is: 'cat' }],
  [
    'a list',
    object({ tags: { type: 'array', items: text('bird', 'dog', 'cat') } }),
    { tags: ['cat', 'dog'] },
  ],
  [
    'a short list',
    object({ tags: { type: 'array', items: text('dog', 'cat'), maxItems: 1 } }),
    { tags: ['cat'] },
  ],
  [
    'a list that must not be empty',
    object({ tags: { type: 'array', items: text('bird', 'fish'), minItems: 1 } }),
    { tags: ['bird'] },
  ],
  ['a list of nothing', object({ tags: { type: 'array', items: text('bird') } }), { tags: [] }],
  [
    'an object inside',
    object({ kind: { const: 'photo' }, seen: object({ animal: text('dog', 'cat') }) }),
    { kind: 'photo', seen: { animal: 'cat' } },
  ],
  [
    'two enums, each by itself',
    object({ pet: text('dog', 'cat'), wild: text('bird', 'fish') }),
    { pet: 'cat', wild: 'bird' },
  ],
  [
    'what may be null, and what may be left out',
    object({ label: text('cat'), why: { type: ['string', 'null'] }, note: { type: 'string' } }, [
      'label',
      'why',
    ]),
    { label: 'cat', why: null },
  ],
  [
    'references',
    {
      ...object({ first: { $ref: '#/$defs/pet' }, second: { allOf: [{ $ref: '#/$defs/pet' }] } }),
      $defs: { pet: text('dog', 'cat') },
    },
    { first: 'cat', second: 'cat' },
  ],
  [
    'the first of several shapes that can be filled',
    object({ it: { anyOf: [{ type: 'null' }, { type: 'string' }, object({ is: text('cat') })] } }),
    { it: { is: 'cat' } },
  ],
  [
    'a name that objects have anyway',
    object({ constructor: text('cat'), ['__proto__']: { const: 1 } }, ['constructor']),
    { constructor: 'cat', ['__proto__']: 1 },
  ],
];

test.each(CASES)('%s', (_name, schema, expected) => {
  expect(JSON.stringify(answer(schema))).toBe(JSON.stringify(expected));
});

test('a score is the share of the label beside it, among its own enum', () => {
  const scored = (labels: string[]) =>
    object({ confidence: { type: 'number', minimum: 0, maximum: 1 }, label: text(...labels) });
  const given = answer(object({ a: scored(['dog', 'cat']), b: scored(['bird', 'fish']) })) as {
    a: { confidence: number };
    b: { confidence: number };
  };
  expect(given.a.confidence).toBeCloseTo(Math.exp(2.2) / (Math.exp(2.2) + Math.exp(0.4)), 10);
  expect(given.b.confidence).toBeGreaterThan(0.5);
  const word = object({ label: text('dog', 'cat'), confidence: text('bird', 'fish') });
  expect(answer(word)).toEqual({ label: 'cat', confidence: 'bird' });
});

test.each([
  ['no schema', undefined, /enum/],
  ['a text', 'cat', /enum/],
  ['no labels', object({ a: { const: 1 } }), /enum/],
  ['numbers', object({ count: { enum: [1, 2] } }), /"count"/],
  ['what only a writer can fill', object({ a: object({ why: { type: 'string' } }) }), /"a.why"/],
  ['a score of nothing', object({ score: { type: 'number' } }), /"score"/],
  [
    'a score in percent',
    object({ l: text('a'), score: { type: 'number', minimum: 1 } }),
    /"score"/,
  ],
  ['a property that is not there', object({ l: text('a') }, ['x']), /"x"/],
  ['a longer list than there are labels', { type: 'array', items: text('a'), minItems: 2 }, /enum/],
  ['a reference to nowhere', { $ref: '#/$defs/a' }, /enum/],
  ['a reference to another document', { $ref: 'https://example.test/a' }, /enum/],
  ['itself', { $ref: '#' }, /enum/],
  [
    'a choice between constants',
    object({ l: text('a'), x: { anyOf: [{ const: 1 }, object({ y: { const: 2 } })] } }),
    /"x"/,
  ],
  ['65 levels', object({ l: text('a'), x: { const: nested(64) } }), /64 levels/],
  ['a million levels', object({ l: text('a'), x: { const: nested(1_000_000) } }), /64 levels/],
])('%s is refused', (_name, schema, message) => {
  expect(() => readLabelSchema(schema, 'response_format')).toThrow(message);
});

test('a schema with millions of ends is refused at once', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const level = (next: string) => ({ anyOf: Array(100).fill({ $ref: `#/$defs/${next}` }) });
  const $defs = Object.fromEntries(names.map((name, at) => [name, level(names[at + 1] ?? '')]));
  const startedAt = performance.now();
  expect(() => readLabelSchema({ $ref: '#/$defs/a', $defs }, 'x')).toThrow(/enum/);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('every answer is what its schema says, by a validator of JSON schemas', () => {
  const label = fc.constantFrom('cat', 'dog', 'bird', 'fish', 'a longer label');
  const labels = fc.uniqueArray(label, { minLength: 1 });
  const choice = fc.oneof(
    labels.map((all) => text(...all)),
    labels.map((all) => ({ oneOf: all.map((one) => ({ const: one })) })),
    labels.map((all) => ({ anyOf: [text(...all), { type: 'null' }] })),
  );
  const several = fc.tuple(labels, fc.nat(2), fc.nat(3)).map(([all, least, more]) => ({
    type: 'array',
    items: text(...all),
    minItems: Math.min(least, all.length),
    maxItems: least + more,
  }));
  const other = fc.constantFrom<object>(
    { const: 'photo' },
    { type: ['number', 'null'] },
    {
      anyOf: [
        { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] },
        { type: 'null' },
      ],
    },
  );
  const scored = choice.map((pet) =>
    object({ pet, score: { type: 'number', minimum: 0, maximum: 1 } }),
  );
  const { node } = fc.letrec<{ node: object; inside: object }>((tie) => ({
    inside: fc.oneof({ depthSize: 'small' }, choice, several, other, scored, tie('node')),
    node: fc
      .tuple(
        choice,
        fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('inside'), { maxKeys: 4 }),
      )
      .map(([pet, more]) => object({ ...more, pet })),
  }));
  fc.assert(
    fc.property(node, (schema) => {
      const given = answer(schema);
      expect(
        z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(given).error
          ?.issues,
      ).toBeUndefined();
    }),
  );
});
