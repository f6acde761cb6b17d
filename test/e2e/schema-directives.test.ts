import {
  buildSchema,
  type GraphQLSchema,
  isObjectType,
  type ObjectTypeDefinitionNode,
} from 'graphql';
import { createPrintableSchema } from '../../src/app/resolvers.js';
import type { Access } from '../../src/graphql/access.js';
import { publicSchemaOf } from '../../src/graphql/public-schema.js';
import { printSdl } from '../../src/graphql/schema.js';

const schema = createPrintableSchema();
const printed = buildSchema(printSdl(schema));

/** Directives of a field as printed, such as `tag(name: "operator")`. */
function directivesOf(sdl: GraphQLSchema, type: string, field: string): Record<string, unknown> {
  const node = sdl.getType(type)?.astNode as ObjectTypeDefinitionNode | undefined;
  const found = node?.fields?.find(({ name }) => name.value === field)?.directives ?? [];
  return Object.fromEntries(
    found.map((directive) => [
      directive.name.value,
      directive.arguments?.map(({ value }) => JSON.stringify(value, ['values', 'value'])).join(),
    ]),
  );
}

const guarded = ['Query', 'Mutation', 'Subscription', 'Account'].flatMap((name) => {
  const type = schema.getType(name);
  return isObjectType(type)
    ? Object.values(type.getFields())
        .filter(({ extensions }) => extensions.access !== undefined)
        .map((field) => ({ at: `${name}.${field.name}`, type: name, field }))
    : [];
});

test.each(guarded)('$at: the printed scope is the one that is required', ({ type, field }) => {
  const { scope } = field.extensions.access as Access;
  const { requiresScopes, tag } = directivesOf(printed, type, field.name);
  expect(requiresScopes).toBe(
    scope === 'public' ? undefined : `{"values":[{"values":[{"value":"${scope}"}]}]}`,
  );
  expect(tag).toBe(scope === 'operator' ? '{"value":"operator"}' : undefined);
});

test('costs and list sizes are printed as they are counted', () => {
  expect(directivesOf(printed, 'Account', 'runs')).toMatchObject({
    cost: '{"value":"1"}',
    listSize: expect.stringContaining('"edges"'),
  });
  expect(directivesOf(printed, 'Account', 'members').cost).toMatch(/^\{"value":"\d+"\}$/);
});

test('the public schema has no tag', () => {
  expect(printSdl(publicSchemaOf(schema))).not.toContain('@tag');
});
