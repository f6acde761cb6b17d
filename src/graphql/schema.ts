import { GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync, type ClassType, type NonEmptyArray } from 'type-graphql';
import { checkSchema } from './schema-walk.js';

/**
 * Builds the schema from resolver instances.
 * Inputs are checked by the domains: type-graphql's own check is off by default, and echoes the input
 * when it is on. Global middlewares stay empty: one costs eighteen times.
 * @throws Error when a root field states no scope or cost, or a description is missing.
 */
export function createSchema(resolvers: readonly object[]): GraphQLSchema {
  const byClass = new Map(resolvers.map((resolver) => [resolver.constructor, resolver]));
  const schema = buildSchemaSync({
    resolvers: [...byClass.keys()] as NonEmptyArray<ClassType>,
    container: { get: (someClass: ClassType) => byClass.get(someClass) },
    validate: false,
    globalMiddlewares: [],
  });
  const described = withQueryDescription(schema);
  checkSchema(described);
  return described;
}

/** type-graphql offers no place to describe the root types. */
function withQueryDescription(schema: GraphQLSchema): GraphQLSchema {
  const query = schema.getQueryType();
  if (query) query.description = 'What can be read.';
  return schema;
}

/** The schema as SDL in a stable order, for `schema.graphql`. */
export function printSdl(schema: GraphQLSchema): string {
  return `# Written by \`npm run schema\`. Do not edit.\n\n${printSchema(lexicographicSortSchema(schema))}\n`;
}
