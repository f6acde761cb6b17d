import {
  defaultFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  isUnionType,
  specifiedDirectives,
} from 'graphql';
import { buildSchemaSync, type ClassType, type NonEmptyArray, type PubSub } from 'type-graphql';
import { type Actor, requireScope, type Scope } from '../platform/actor.js';
import type { Access } from './access.js';
import { ACCOUNT, type AccountType } from './account.type.js';
import type { GraphQLContext } from './context.js';
import { DIRECTIVES, printWithDirectives, stateDirectives } from './directives.js';
import { bindCursors } from './list-cursors.js';
import { wrapMutations } from './mutations.js';
import { type NodeSources, sourceOf } from './node.resolver.js';
import type { NodeType } from './node.type.js';
import { markOperatorTypes } from './public-schema.js';
import { checkSchema } from './schema-walk.js';

/** Where the events of a subscription come from, by the `topics` of its field; called with its `topicId`. */
export type Sources = Readonly<
  Record<string, (id: unknown) => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>>
>;

/**
 * Builds the schema from resolver instances: the whole, as operators see it (public-schema.ts).
 * Inputs are checked by the domains: type-graphql's own check is off by default, and echoes the input
 * when it is on. Global middlewares stay empty: one costs eighteen times.
 * @throws Error when a root field states no scope or cost, or a description is missing.
 */
export function createSchema(
  resolvers: readonly object[],
  { sources, nodes }: { sources: Sources; nodes: NodeSources },
): GraphQLSchema {
  const byClass = new Map(resolvers.map((resolver) => [resolver.constructor, resolver]));
  const schema = buildSchemaSync({
    resolvers: [...byClass.keys()] as NonEmptyArray<ClassType>,
    container: { get: (someClass: ClassType) => byClass.get(someClass) },
    validate: false,
    globalMiddlewares: [],
    pubSub: pubSubOf(sources),
    directives: [...specifiedDirectives, ...DIRECTIVES],
  });
  resolveNodes(schema, nodes);
  describeRoots(schema);
  checkSchema(schema);
  bindCursors(schema);
  guardFields(schema);
  markOperatorTypes(schema);
  stateDirectives(schema);
  return schema;
}

function pubSubOf(sources: Sources): PubSub {
  return {
    publish: () => {
      throw new Error('Events come from the sources.');
    },
    subscribe: (topic, id) => {
      const source = sources[topic];
      if (source === undefined) throw new Error(`Nobody tells "${topic}".`);
      // graphql-js awaits it: a source may find out first whether what is asked for exists.
      return source(id) as AsyncIterable<unknown>;
    },
  };
}

/** Records are of the type that their id's prefix names: type-graphql would ask for instances of its classes. */
function resolveNodes(schema: GraphQLSchema, nodes: NodeSources): void {
  const typeOf = ({ id }: NodeType) => sourceOf(nodes, id)?.type;
  for (const type of Object.values(schema.getTypeMap())) {
    // Unions are of nodes; type-graphql would ask asynchronously, which graphql-jit does not take.
    if (isUnionType(type) || (isInterfaceType(type) && type.name === 'Node'))
      type.resolveType = typeOf;
  }
}

/** type-graphql offers no place to describe the root types. */
function describeRoots(schema: GraphQLSchema): void {
  const query = schema.getQueryType();
  const mutation = schema.getMutationType();
  if (query) query.description = 'Read operations.';
  if (mutation) mutation.description = 'Write operations, executed in order.';
  const subscription = schema.getSubscriptionType();
  if (subscription) {
    subscription.description =
      'Event streams, over WebSocket at `/graphql` or server-sent events at `/graphql/stream`.';
  }
}

/**
 * Every root field that is not public, and every field of an account, asks for its scope first, whatever executes it.
 * Done here and not by type-graphql's own decorator, which some of its
 * options switch off without a word.
 */
function guardFields(schema: GraphQLSchema): void {
  guardObject(schema.getQueryType(), (_source, { actor }) => actor);
  wrapMutations(schema);
  const account = schema.getType(ACCOUNT);
  if (isObjectType(account)) {
    // Who a caller is does not depend on their rights on the account, which may be refused as a whole.
    guardObject(account, (source, context, scope) =>
      scope === 'caller' ? context.actor : (source as AccountType).actor,
    );
  }
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const { scope } = field.extensions.access as Access;
    const { subscribe } = field;
    if (subscribe === undefined) throw new Error(`${field.name} has no source.`);
    // What is told later needs no further check: the transport ends with the caller's rights.
    field.subscribe = (source: unknown, args, context: GraphQLContext, info): unknown => {
      requireScope(context.actor, scope);
      return subscribe(source, args, context, info);
    };
  }
}

/** @param actorOf who asks for a field of the object */
function guardObject(
  type: GraphQLObjectType | null | undefined,
  actorOf: (source: unknown, context: GraphQLContext, scope: Scope) => Actor,
): void {
  for (const field of Object.values(type?.getFields() ?? {})) {
    const access = field.extensions.access as Access | undefined;
    if (access === undefined || access.scope === 'public') continue;
    const { scope } = access;
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (source, args, context: GraphQLContext, info): unknown => {
      requireScope(actorOf(source, context, scope), scope);
      return resolve(source, args, context, info);
    };
  }
}

/** The schema as SDL in a stable order, for `schema.graphql`. */
export function printSdl(schema: GraphQLSchema): string {
  return `# Written by \`npm run schema\`. Do not edit.\n\n${printWithDirectives(schema)}\n`;
}
