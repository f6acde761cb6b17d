import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLSchema,
  isInputObjectType,
  isNonNullType,
} from 'graphql';
import { AppError, type ErrorCode } from '../errors.js';
import { type Actor, requireRecentProof, requireScope } from '../platform/actor.js';
import { requestContext } from '../platform/request-context.js';
import type { Access } from './access.js';
import { getAccount, type GraphQLContext } from './context.js';
import type { UserErrorType } from './payload.type.js';

/**
 * What a person can fix in a form is told in `userErrors`. What the client handles in one place is a top-level error, as
 * over REST: who calls, their rights, credit, limits, overload, our own faults.
 */
const USER_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'BAD_USER_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'MODEL_NOT_LIVE',
  'IDEMPOTENCY_MISMATCH',
]);

interface Args {
  readonly input?: Readonly<Record<string, unknown>>;
}

/**
 * Carries out every mutation: on the account that its input names, for callers with the scope that it states, operators
 * with a recent proof of who they are. Puts `account` and `userErrors` into its payload.
 */
export function wrapMutations(schema: GraphQLSchema): void {
  const begun = new WeakSet<GraphQLContext>();
  const fields = schema.getMutationType()?.getFields() ?? {};
  for (const field of Object.values<GraphQLField<unknown, GraphQLContext>>(fields)) {
    wrap(field, begun);
  }
}

/** @param begun requests of which a mutation has been carried out: the next one may find other rights */
function wrap(field: GraphQLField<unknown, GraphQLContext>, begun: WeakSet<GraphQLContext>): void {
  const { scope } = field.extensions.access as Access;
  const namesAccount = scope !== 'operator' && inputFieldsOf(field).has('accountId');
  const resolve = field.resolve ?? defaultFieldResolver;

  field.resolve = async (source, args: Args, request, info): Promise<unknown> => {
    try {
      const context = begun.has(request) ? await asOfNow(request) : request;
      begun.add(request);
      const there = namesAccount ? onAccount(context, args.input?.accountId) : context;
      if (scope !== 'public') requireScope(there.actor, scope);
      if (scope === 'operator') await requireRecentProof(there.actor);
      const given = namesAccount ? withoutAccount(args) : args;
      const payload = (await resolve(source, given, there, info)) as object;
      return {
        ...(namesAccount && { account: getAccount(there, null) }),
        ...payload,
        userErrors: [],
      };
    } catch (error) {
      if (!(error instanceof AppError) || !USER_ERRORS.has(error.code)) throw error;
      const seen = requestContext();
      if (seen !== undefined) seen.code ??= error.code;
      return { userErrors: [toUserError(error)] };
    }
  };
}

/** The names of the fields of the argument `input`. */
function inputFieldsOf({
  args,
}: Pick<GraphQLField<unknown, unknown>, 'args'>): ReadonlySet<string> {
  const type = args.find(({ name }) => name === 'input')?.type;
  const inner = isNonNullType(type) ? type.ofType : type;
  return new Set(isInputObjectType(inner) ? Object.keys(inner.getFields()) : []);
}

/** The request, by its caller with the rights that they have now. @throws AppError UNAUTHENTICATED */
async function asOfNow(context: GraphQLContext): Promise<GraphQLContext> {
  const actor = await context.authenticateAgain?.();
  return actor === undefined ? context : withActor(context, actor);
}

/** The request, by the caller on the account that they name. @throws AppError */
function onAccount(context: GraphQLContext, accountId: unknown): GraphQLContext {
  const { actor } = getAccount(context, accountId as string | null | undefined);
  return actor === context.actor ? context : withActor(context, actor);
}

function withActor(context: GraphQLContext, actor: Actor): GraphQLContext {
  return Object.create(context, { actor: { value: actor } }) as GraphQLContext;
}

function withoutAccount({ input }: Args): Args {
  const given = Object.entries(input ?? {}).filter(([name]) => name !== 'accountId');
  return { input: Object.fromEntries(given) };
}

function toUserError({ code, message, details = {} }: AppError): UserErrorType {
  const { argument, ...rest } = details;
  return {
    code,
    message,
    path: typeof argument === 'string' ? ['input', ...argument.split('.')] : null,
    details: Object.keys(rest).length === 0 ? null : rest,
  };
}
