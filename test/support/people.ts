import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { errorOf, type GraphQLAnswer, postGraphQL } from './app.js';
import { namingAccount } from './naming-account.js';
import { bearer } from './platform.js';
import { until } from './process.js';

export interface SentMail {
  readonly subject: string;
  readonly text: string;
  /** Of its link; empty without one. */
  readonly token: string;
}

/** Each mail in an outbox folder to an address, oldest first. */
export function mailsTo(outboxDir: string, address: string): SentMail[] {
  if (!existsSync(outboxDir)) return [];
  return readdirSync(outboxDir)
    .filter((name) => name.endsWith('.eml'))
    .sort()
    .map((name) => readFileSync(path.join(outboxDir, name), 'utf8'))
    .filter((mail) => new RegExp(`^To: .*${address.replaceAll('+', '\\+')}`, 'im').test(mail))
    .map((mail) => {
      const text = mail.replace(/=\r?\n/g, '').replaceAll('=3D', '=');
      return {
        subject: /^Subject: (.*)$/m.exec(mail)?.[1]?.trim() ?? '',
        text,
        token: decodeURIComponent(/[?&]token=([^\s&]+)/.exec(text)?.[1] ?? ''),
      };
    });
}

/** Does what sends one mail to an address, and waits for it. */
export async function mailAfter(
  outboxDir: string,
  address: string,
  act: () => Promise<unknown>,
): Promise<SentMail> {
  const before = mailsTo(outboxDir, address).length;
  await act();
  return until(`a mail to ${address}`, () => mailsTo(outboxDir, address)[before]);
}

export const PASSWORD = 'correct horse battery';

export interface Person {
  /** Of the server. */
  readonly url: string;
  readonly email: string;
  readonly token: string;
  gql(query: string, variables?: Record<string, unknown>): Promise<GraphQLAnswer>;
}

export const SIGN_UP = `mutation ($email: String!) { signUp(input: { email: $email, name: "Test" }) { userErrors { code message path details } } }`;
export const VERIFY = `mutation ($token: String!, $password: String!) {
  verifyEmail(input: { token: $token, password: $password }) {
    userErrors { code message path details }
  }
}`;
export const SIGN_IN = `mutation ($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password }) {
    token
    userErrors { code message path details }
  }
}`;

/** Signs up, confirms the address by its mail, and signs in. */
export async function signUp(
  server: { url: string; outboxDir: string },
  email: string,
): Promise<Person> {
  const { token } = await mailAfter(server.outboxDir, email, () =>
    done(server.url, SIGN_UP, { email }),
  );
  await done(server.url, VERIFY, { token, password: PASSWORD });
  return signIn(server.url, email);
}

/** Anew: sessions end while a clock is moved. */
export async function signIn(url: string, email: string): Promise<Person> {
  const { signIn } = await done(url, SIGN_IN, { email, password: PASSWORD });
  return personOf(url, email, (signIn as { token: string }).token);
}

/** The data of an operation that has to succeed. @throws Error with what was answered instead */
async function done(
  url: string,
  query: string,
  variables: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { body } = await postGraphQL(url, { query, variables });
  const error = errorOf({ body });
  if (error !== undefined) throw new Error(`${query}\n${JSON.stringify(error)}`);
  return body.data as Record<string, unknown>;
}

export function personOf(url: string, email: string, token: string): Person {
  return {
    url,
    email,
    token,
    gql: (query, variables) => postGraphQL(url, { query, variables }, bearer(token)),
  };
}

/** A person who acts on an account: each document names it. */
export function personOn(
  url: string,
  { email, token }: Pick<Person, 'email' | 'token'>,
  accountId: string,
): Person {
  const { gql } = personOf(url, email, token);
  return {
    url,
    email,
    token,
    gql: (query, variables) => {
      const named = namingAccount({ query, variables }, accountId);
      return gql(named.query, named.variables);
    },
  };
}

/** A browser in which a person is signed in, with the cookies that it keeps. */
export interface Browser {
  readonly cookie: string;
  /** What the cookie carries: a session's token, which no script may see. */
  readonly token: string;
  /** Sends a request as a page of the server's own does. */
  send(path: string, init?: { method?: string; body?: object }): Promise<Response>;
}

/** @param origin of the server's own pages */
export async function signInBrowser(
  url: string,
  email: string,
  { password = PASSWORD, origin = url } = {},
): Promise<Browser & { answer: Response }> {
  const answer = await fetch(`${url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ email, password }),
  });
  return { ...browserOf(url, answer, origin), answer };
}

/** The browser that got an answer. */
export function browserOf(url: string, answer: Response, origin = url): Browser {
  const set = answer.headers.getSetCookie().find((one) => one.includes('session_token='));
  const cookie = set?.split(';')[0] ?? '';
  return {
    cookie,
    token: decodeURIComponent(cookie.split('=')[1] ?? '').split('.')[0] ?? '',
    send: (path, { method = 'GET', body } = {}) =>
      fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          cookie,
          ...(method === 'GET' ? {} : { origin, 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

/** A person's own account. */
export async function ownAccountOf(person: Pick<Person, 'gql'>): Promise<string> {
  return (await person.gql('{ account { id } }')).body.data.account.id as string;
}
