import { codeOf as toldCode } from '../support/app.js';
import { endpointOf } from '../support/endpoint.js';
import { namedInDocument } from '../support/naming-account.js';
import type { Person } from '../support/people.js';
import type { Kind, Side } from '../support/owned-objects.js';
import type { TestPlatform } from '../support/platform.js';

/** One thing that an attacker tries on a running server. */
export interface Attack {
  /** Unique, and the same for ever: reports refer to it. */
  readonly id: string;
  /** What it would break: OWASP ASVS 5.0 (V…), API Security Top 10 2023 (API…) or an invariant of ours (I…). */
  readonly requirement: string;
  /** What is tried, in one line. */
  readonly attempt: string;
  /** Whether the attacker pays for something that really ran. */
  readonly pays?: true;
  /** @returns what came of it, in half a line. Throws when it worked. */
  readonly run: (world: World) => Promise<string>;
}

/** Kinds of objects that the victim has one of. */
export const OWNED_KINDS = [
  'run',
  'purchase',
  'key',
  'labelSet',
  'member',
  'invitation',
  'upload',
] as const satisfies readonly Kind[];
export type OwnedKind = (typeof OWNED_KINDS)[number];

/** A server with two accounts that know nothing of each other, and an operator. */
export interface World {
  readonly t: TestPlatform;
  readonly victim: Side;
  readonly attacker: Side;
  readonly operator: Person;
  readonly outboxDir: string;
  /** What the victim owns, by its kind: ids that an attacker may have learned. */
  readonly owned: Readonly<Record<OwnedKind, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** JSON, if it is; otherwise undefined. Untyped on purpose: tests look into whatever came. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is text or bytes. */
  readonly body?: unknown;
  /** The address that it comes from, where that matters; the answer is then the server's without a connection. */
  readonly ip?: string;
}

/** Sends one request to the server. */
export async function send({ t }: World, path: string, sent: Sent = {}): Promise<Answer> {
  const { headers = {}, body, ip } = sent;
  if (ip !== undefined) return sendFrom(t, ip, path, sent);
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
  const response = await fetch(`${t.url}${path}`, {
    method: sent.method ?? (body === undefined ? 'GET' : 'POST'),
    headers:
      isRaw || body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
    redirect: 'manual',
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

async function sendFrom(
  { app }: TestPlatform,
  remoteAddress: string,
  url: string,
  { headers = {}, body, method }: Sent,
): Promise<Answer> {
  const answer = await app.server.inject({
    url,
    remoteAddress,
    method: (method ?? (body === undefined ? 'GET' : 'POST')) as 'GET',
    headers: { ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  const got = new Headers();
  for (const [name, value] of Object.entries(answer.headers))
    for (const one of [value ?? []].flat()) got.append(name, String(one));
  return {
    status: answer.statusCode,
    headers: got,
    text: answer.payload,
    body: parse(answer.payload),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Sends one GraphQL operation; an account that the headers name is named in its document. */
export function gql(
  world: World,
  query: string,
  variables: object = {},
  headers: Readonly<Record<string, string>> = {},
  ip?: string,
): Promise<Answer> {
  const from = ip === undefined ? {} : { ip };
  const named = namedInDocument({ query, variables }, headers);
  return send(world, endpointOf(query), { ...named, ...from });
}

/** The code of an error in whatever shape the door has; undefined: there is no error. */
export function codeOf({ body }: Pick<Answer, 'body'>): string | undefined {
  const found: unknown =
    (body?.errors || body?.data ? toldCode({ body }) : undefined) ??
    body?.error?.code ??
    body?.error?.type ??
    body?.error;
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

/** Null, or an object of which all is null: a payload of a mutation that tells errors, an account of which a field failed. */
function isEmpty(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, part]) => name === 'userErrors' || isEmpty(part));
}

/** Fails unless an answer is a refusal with one of these codes. @returns status and code */
export function refused(answer: Answer, ...codes: readonly string[]): string {
  const code = codeOf(answer);
  if (code === undefined || !codes.includes(code)) {
    throw new Error(
      `${codes.join(' or ')} expected: ${String(answer.status)} ${answer.text.slice(0, 500)}`,
    );
  }
  expect(answer.status).toBeLessThan(500);
  expect(
    Object.values((answer.body?.data ?? {}) as object).filter((value) => !isEmpty(value)),
  ).toEqual([]);
  return `${String(answer.status)} ${code}`;
}

/** Fails unless an answer has one of these statuses. @returns the status */
export function answered({ status, text }: Answer, ...statuses: readonly number[]): string {
  if (!statuses.includes(status)) {
    throw new Error(`${statuses.join(' or ')} expected: ${String(status)} ${text.slice(0, 500)}`);
  }
  return String(status);
}
