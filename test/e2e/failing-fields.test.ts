import {
  execute,
  getNamedType,
  type GraphQLObjectType,
  isLeafType,
  isObjectType,
  parse,
} from 'graphql';
import { createPrintableSchema } from '../../src/app/resolvers.js';
import { type Actor, anonymous, SCOPES } from '../../src/platform/actor.js';

const schema = createPrintableSchema();
const account = schema.getType('Account');
const query = schema.getQueryType();
if (!isObjectType(account) || query == null) throw new Error('The schema has no accounts.');

const actor: Actor = {
  ...anonymous('127.0.0.1'),
  accountId: 'acct_1',
  scopes: new Set(SCOPES),
};

const fieldsOf = (type: GraphQLObjectType) =>
  Object.values(type.getFields())
    .filter(({ name }) => name !== 'id')
    .map((field) => [field.name, field] as const);

const selection = (type: Parameters<typeof getNamedType>[0]) =>
  isLeafType(getNamedType(type)) ? '' : '{ __typename }';

/** Runs a document in which one field fails, whatever its arguments. */
async function runFailing(
  field: { name: string; resolve?: unknown },
  document: string,
): Promise<{ data: unknown; failed: readonly unknown[] }> {
  const { resolve } = field;
  field.resolve = () => {
    throw new Error('It fails.');
  };
  try {
    const { data, errors = [] } = await execute({
      schema,
      document: parse(document),
      contextValue: { actor },
    });
    return { data: JSON.parse(JSON.stringify(data)), failed: errors.map(({ path }) => path) };
  } finally {
    field.resolve = resolve;
  }
}

test.each(fieldsOf(query))(
  '%s fails alone: the rest of the answer arrives',
  async (name, field) => {
    const rest = name === 'account' ? '__typename' : '__typename account { id }';
    const { data, failed } = await runFailing(
      field,
      `{ ${rest} ${name} ${selection(field.type)} }`,
    );
    expect(failed).toEqual([[name]]);
    expect(data).toEqual({
      __typename: 'Query',
      ...(name === 'account' ? {} : { account: { id: 'acct_1' } }),
      [name]: null,
    });
  },
);

test.each(fieldsOf(account))('Account.%s fails alone', async (name, field) => {
  const document = `{ __typename account { id ${name} ${selection(field.type)} } again: account { id } }`;
  const { data, failed } = await runFailing(field, document);
  expect(failed).toEqual([['account', name]]);
  expect(data).toEqual({
    __typename: 'Query',
    account: { id: 'acct_1', [name]: null },
    again: { id: 'acct_1' },
  });
});
