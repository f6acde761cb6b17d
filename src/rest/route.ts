import type { z } from 'zod';
import type { ErrorCode } from '../errors.js';
import type { Scope } from '../platform/actor.js';
import type { Call } from './call.js';
import type { Dialect } from './dialect.js';
import type { Form } from './form.js';
import type { Tag } from './tags.js';

/** One address of the REST APIs: what it takes and gives, for the server and for its description alike. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Fastify's pattern; a wildcard at its end is for ids with slashes. */
  readonly url: string;
  /** As OpenAPI writes it, where that is another: `/v1/models/{id}`. */
  readonly path?: string;
  /** Unique; the name of the call in generated clients. */
  readonly operationId: string;
  /** Under which heading it is described. */
  readonly tag: Tag;
  /** In half a line. */
  readonly summary: string;
  readonly description?: string;
  readonly dialect: Dialect;
  readonly scope: Scope;
  /** With the scope `public`: whoever calls has to say who they are, and may do it with any key. */
  readonly needsCaller?: true;
  /** Runs a model: the headers and errors of metered calls belong to it. */
  readonly isMetered?: true;
  /** Headers that are read, by name in lower case, besides those of metered calls. */
  readonly headers?: z.ZodType;
  /** The wildcard is called `*`. */
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  /** JSON; what is not named here is left out, as clients send more than we know. */
  readonly body?: z.ZodType;
  /** A form instead: described by `body`, read by `call.readForm`. */
  readonly isForm?: true;
  /** A form with a file, or an image as the body itself: described by `body`, read by `call.receiveFile`. */
  readonly isUpload?: true;
  /** Or a form, as well as JSON: made into what `body` describes. */
  readonly fromForm?: (form: Form) => object;
  /** Fields of that form that are something else than in JSON, such as files. */
  readonly formFields?: z.ZodObject;
  /** The body as it comes, as JSON, as application/octet-stream or without a type: made into what `body` describes. */
  readonly fromBytes?: (bytes: Buffer, call: Call) => object;
  /** By default 200. */
  readonly status?: number;
  /** As JSON, or as `answers` says. */
  readonly answer: z.ZodType;
  /** By media type, where that is not only JSON. */
  readonly answers?: Readonly<Record<string, z.ZodType>>;
  /** Codes of errors, besides those that all routes of its kind have. */
  readonly errors?: readonly ErrorCode[];
  /** Requests to show, with what they mean. Each is executed by a test. */
  readonly examples?: readonly Example[];
  readonly handle: (call: Call, given: Given<never, never, never>) => unknown;
}

export interface Example {
  readonly summary: string;
  /** Of the wildcard and the parameters in the address. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** What was sent, checked. */
export interface Given<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** A route whose handler knows the types of what its schemas let through. */
export function route<Params = unknown, Query = unknown, Body = unknown>(
  definition: Omit<Route, 'params' | 'query' | 'body' | 'handle'> & {
    readonly params?: z.ZodType<Params>;
    readonly query?: z.ZodType<Query>;
    readonly body?: z.ZodType<Body>;
    readonly handle: (call: Call, given: Given<Params, Query, Body>) => unknown;
  },
): Route {
  return definition;
}
