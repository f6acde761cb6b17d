import { readFileSync } from 'node:fs';
import {
  buildSchema,
  getNamedType,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import { newId } from '../../src/platform/ids.js';
import { codeOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import type { Person } from '../support/people.js';
import { type Caller, newCaller } from '../support/platform.js';

/* What a caller gets wrong is never our error: a 4xx code that says what to change, and nothing happens. */

const outbox = temporaryFolder();
let t: TestApp;
let operator: Person;
let caller: Caller;
beforeAll(async () => {
  t = await startTestApp({ background: false, config: mailTo(outbox.path) });
  operator = await newOperator(t, outbox.path);
  caller = await newCaller(t, 0n, { scopes: ['READ', 'ADMIN', 'BILLING', 'INFERENCE'] });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const GRANT = `mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { transactionId userErrors { code message path details } } }`;
const ADJUST = `mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { transactionId userErrors { code message path details } } }`;

const grant = (input: object) =>
  operator.gql(GRANT, {
    input: {
      accountId: caller.accountId,
      nanos: '1',
      reason: 'a test',
      idempotencyKey: newId('grant'),
      ...input,
    },
  });

describe('grants', () => {
  const INT64_MAX = (2n ** 63n - 1n).toString();
  test.each([
    ['an amount over the range', { nanos: INT64_MAX }],
    ['an amount past 2⁶³', { nanos: (2n ** 63n).toString() }],
    ['a priority below 0', { priority: -1 }],
    ['a priority above 100', { priority: 101 }],
    ['a priority that PostgreSQL has no room for', { priority: 2_000_000_000 }],
    ['an expiry that has passed', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['an expiry that PostgreSQL has no room for', { expiresAt: '+275760-09-13T00:00:00Z' }],
    ['NUL in the reason', { reason: 'a\0b' }],
    ['NUL in the key', { idempotencyKey: 'a\0b' }],
    ['an empty key', { idempotencyKey: '' }],
    ['NUL in the account', { accountId: 'acct_\0' }],
  ])('%s', async (_name, input) => {
    expect(['BAD_USER_INPUT', 'NOT_FOUND']).toContain(codeOf(await grant(input)));
    expect(await t.app.services.credits.balance(caller.accountId)).toMatchObject({
      postedNanos: 0n,
    });
  });

  test('a sum that no balance can hold is refused, and the credit before it stays', async () => {
    const { accountId } = await newCaller(t, 0n);
    const most = { accountId, nanos: (2n ** 62n).toString() };
    expect(codeOf(await grant(most))).toBeUndefined();
    expect(codeOf(await grant(most))).toBe('BAD_USER_INPUT');
    expect(
      codeOf(
        await operator.gql(ADJUST, {
          input: { ...most, reason: 'a test', idempotencyKey: 'most' },
        }),
      ),
    ).toBe('BAD_USER_INPUT');
    expect(await t.app.services.credits.balance(accountId)).toMatchObject({
      postedNanos: 2n ** 62n,
    });
  });

  test('a key that was used for a grant with another expiry or priority is a conflict', async () => {
    const { accountId } = await newCaller(t, 0n);
    const first = {
      accountId,
      idempotencyKey: 'once',
      expiresAt: '2100-01-01T00:00:00Z',
      priority: 10,
    };
    expect(codeOf(await grant(first))).toBeUndefined();
    expect(codeOf(await grant(first))).toBeUndefined();
    for (const other of [
      { expiresAt: '2101-01-01T00:00:00Z' },
      { expiresAt: null },
      { priority: 11 },
    ]) {
      expect(codeOf(await grant({ ...first, ...other }))).toBe('CONFLICT');
    }
    expect(await t.app.services.credits.balance(accountId)).toMatchObject({ postedNanos: 1n });
  });
});

/**
 * Every field of the roots and of an account, with the same odd value wherever the schema takes a text, a number or a
 * date. Whatever it is refused with, it is not our error.
 */
describe('odd values in every argument of the API', () => {
  const schema = buildSchema(readFileSync('schema.operator.graphql', 'utf8'));
  const fields = [
    { parent: 'Query', within: (field: string) => `query { ${field} }` },
    { parent: 'Mutation', within: (field: string) => `mutation { ${field} }` },
    { parent: 'Account', within: (field: string) => `query { account { ${field} } }` },
  ].flatMap(({ parent, within }) =>
    Object.values((schema.getType(parent) as GraphQLObjectType).getFields())
      .filter(({ args }) => args.length > 0)
      .map((field) => ({ within, field })),
  );
  /** No field is forgotten: there are lists on accounts, and mutations. */
  test('there are such fields in each place', () => {
    const names = fields.map(({ field }) => field.name);
    expect(names).toEqual(expect.arrayContaining(['models', 'buyCredits', 'runs', 'usage']));
  });

  test.each<[string, Odd]>([
    ['NUL', { text: 'a\0b' }],
    ['nothing', { text: '' }],
    ['a lone surrogate', { text: '\ud800' }],
    ['a long text', { text: 'x'.repeat(5_000) }],
    ['the largest numbers', { int: 2 ** 31 - 1, float: 1e308, nanos: (2n ** 63n - 1n).toString() }],
    ['the smallest numbers', { int: -(2 ** 31), float: -1e308, nanos: (-(2n ** 63n)).toString() }],
    ['the last dates', { date: '9999-12-31T23:59:59.999Z' }],
    ['the first dates', { date: '0001-01-01T00:00:00.000Z' }],
  ])('%s', async (_name, odd) => {
    for (const { within, field } of fields) {
      const args = field.args.map(({ name, type }) => `${name}: ${valueOf(type, odd)}`).join(', ');
      const query = within(`${field.name}(${args})${selectionOf(field.type)}`);
      for (const gql of [operator.gql, caller.gql]) {
        const { body } = await gql(query);
        expect([query, codeOf({ body })]).not.toEqual([query, 'INTERNAL']);
      }
    }
  });
});

interface Odd {
  readonly text?: string;
  readonly int?: number;
  readonly float?: number;
  readonly nanos?: string;
  readonly date?: string;
}

/** What is read of a field. In payloads of mutations, why nothing was done. */
function selectionOf(type: GraphQLOutputType): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  return named.name.endsWith('Payload') ? ' { userErrors { code } }' : ' { __typename }';
}

/** A literal of the type, made of the odd value wherever it fits. */
function valueOf(type: GraphQLInputType, odd: Odd, depth = 0): string {
  if (isNonNullType(type)) return valueOf(type.ofType, odd, depth);
  if (isListType(type)) return `[${valueOf(type.ofType, odd, depth)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? 'null';
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      // An odd account would be all that is ever refused of a mutation.
      (field) => isRequiredInputField(field) || (depth < 3 && field.name !== 'accountId'),
    );
    const used = type.isOneOf ? fields.slice(0, 1) : fields;
    return `{ ${used.map((field) => `${field.name}: ${valueOf(field.type, odd, depth + 1)}`).join(', ')} }`;
  }
  switch (type.name) {
    case 'Int':
      return String(odd.int ?? 1);
    case 'Float':
      return String(odd.float ?? 1);
    case 'Boolean':
      return 'true';
    case 'NanoUSD':
      return JSON.stringify(odd.nanos ?? '1');
    case 'DateTimeISO':
      return JSON.stringify(odd.date ?? '2027-01-01T00:00:00.000Z');
    default:
      return JSON.stringify(odd.text ?? 'a');
  }
}
