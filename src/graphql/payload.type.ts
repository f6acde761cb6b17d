import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { ERROR_CODES, type ErrorCode } from '../errors.js';
import { AccountType } from './account.type.js';

/** For fields of the type `ErrorCode`. */
export const CODES = Object.fromEntries(Object.keys(ERROR_CODES).map((code) => [code, code])) as {
  readonly [Code in ErrorCode]: Code;
};

registerEnumType(CODES, {
  name: 'ErrorCode',
  description: 'Machine-readable error code. Clients must accept unknown values.',
  valuesConfig: {
    BAD_REQUEST: { description: 'The request is malformed.' },
    BAD_USER_INPUT: { description: 'An argument or input field is invalid; `path` identifies it.' },
    PERSISTED_QUERY_NOT_SUPPORTED: {
      description: 'Persisted queries are not supported; send the full document.',
    },
    GRAPHQL_PARSE_FAILED: { description: 'The document is not valid GraphQL syntax.' },
    GRAPHQL_VALIDATION_FAILED: { description: 'The document is not valid against the schema.' },
    QUERY_TOO_COMPLEX: { description: 'The operation exceeds the cost or complexity limits.' },
    UNAUTHENTICATED: {
      description: 'Authentication is required: the API key or session is missing or invalid.',
    },
    INSUFFICIENT_CREDIT: { description: 'The account does not have enough credit for this call.' },
    SPEND_CAP_REACHED: { description: 'The API key has reached its spend cap.' },
    FORBIDDEN: {
      description: 'The caller lacks the required scope, role or identity confirmation.',
    },
    NOT_FOUND: { description: 'The object does not exist or is not accessible.' },
    METHOD_NOT_ALLOWED: { description: 'The endpoint does not support this HTTP method.' },
    NOT_ACCEPTABLE: { description: 'None of the accepted response formats is available.' },
    REQUEST_TIMEOUT: { description: 'The request was not received in time.' },
    CONFLICT: { description: 'The operation conflicts with the current state.' },
    IDEMPOTENCY_IN_FLIGHT: {
      description: 'A request with the same idempotency key is still in progress.',
    },
    MODEL_NOT_LIVE: { description: 'The model cannot be called yet, or no longer.' },
    PAYLOAD_TOO_LARGE: { description: 'The request body is too large.' },
    UNSUPPORTED_MEDIA_TYPE: {
      description: 'The content type of the request body is not supported.',
    },
    IDEMPOTENCY_MISMATCH: {
      description: 'The idempotency key was already used with a different request.',
    },
    RATE_LIMITED: { description: 'Too many requests; retry after `retryAfterS` seconds.' },
    INTERNAL: { description: 'An unexpected server error occurred.' },
    OVERLOADED: { description: 'The server is overloaded; retry later.' },
    UPSTREAM_UNAVAILABLE: { description: 'A service that the server depends on is unavailable.' },
    DEADLINE_EXCEEDED: { description: 'The call exceeded its time limit and was cancelled.' },
    INSUFFICIENT_STORAGE: { description: 'The server has run out of storage.' },
  },
});

@ObjectType('UserError', {
  description: 'An error that the user can correct, such as invalid input or a conflict.',
})
export class UserErrorType {
  @Field(() => CODES, { description: 'Machine-readable error code.' })
  readonly code!: ErrorCode;

  @Field(() => String, { description: 'Error message to display to the user.' })
  readonly message!: string;

  @Field(() => [String], {
    nullable: true,
    description:
      'Path of the invalid input field, starting with "input"; null if the error does not concern one field.',
  })
  readonly path!: readonly string[] | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description:
      'Additional facts about the error, as in the `extensions` of a top-level error; null if there are none.',
  })
  readonly details!: Readonly<Record<string, unknown>> | null;
}

/** Result of a mutation; filled in by who carries it out (mutations.ts). */
@ObjectType()
export abstract class PayloadType {
  @Field(() => [UserErrorType], {
    description: 'Errors that prevented the mutation from taking effect; empty on success.',
  })
  readonly userErrors?: readonly UserErrorType[];
}

/** Result of a mutation on an account. */
@ObjectType()
export abstract class AccountPayloadType extends PayloadType {
  @Field(() => AccountType, {
    nullable: true,
    description: 'Account that the mutation acted on; null if the mutation failed.',
  })
  readonly account?: AccountType;
}
