import {
  defaultFieldResolver,
  type GraphQLSchema,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { buildSchemaSync, type ClassType, type NonEmptyArray } from 'type-graphql';
import { requireScope } from '../platform/actor.js';
import type { Access } from './access.js';
import type { GraphQLContext } from './context.js';
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
  describeRoots(schema);
  checkSchema(schema);
  guardRoots(schema);
  return schema;
}

/** type-graphql offers no place to describe the root types. */
function describeRoots(schema: GraphQLSchema): void {
  const query = schema.getQueryType();
  const mutation = schema.getMutationType();
  if (query) query.description = 'What can be read.';
  if (mutation) mutation.description = 'What can be done.';
}

/**
 * Every root field that is not public asks for its scope first, whatever executes it. Done here and not
 * by type-graphql's own decorator, which some of its options switch off without a word.
 */
function guardRoots(schema: GraphQLSchema): void {
  for (const root of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      const { scope } = field.extensions.access as Access;
      if (scope === 'public') continue;
      const resolve = field.resolve ?? defaultFieldResolver;
      field.resolve = (source, args, context: GraphQLContext, info): unknown => {
        requireScope(context.actor, scope);
        return resolve(source, args, context, info);
      };
    }
  }
}

/** The schema as SDL in a stable order, for `schema.graphql`. */
export function printSdl(schema: GraphQLSchema): string {
  return `# Written by \`npm run schema\`. Do not edit.\n\n${printSchema(lexicographicSortSchema(schema))}\n`;
}
