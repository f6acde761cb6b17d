import { errorOf } from '../support/app.js';
import {
  mailAfter,
  PASSWORD,
  type Person,
  personOf,
  SIGN_IN,
  SIGN_UP,
  VERIFY,
} from '../support/people.js';
import { gql, send, type World } from './attack.js';

let people = 0;
export const newAddress = () => `person${String((people += 1))}@example.org`;
/** Each comes from an address of its own: how often one may sign up and in is limited. */
export const newIp = () => `198.51.100.${String((people += 1) % 250)}`;

/** Somebody with an own account, for attacks that change who they are. */
export async function somebody(world: World): Promise<Person> {
  const email = newAddress();
  const ip = newIp();
  const done = async (query: string, variables: object) => {
    const { body, text } = await gql(world, query, variables, {}, ip);
    if (errorOf({ body }) !== undefined) throw new Error(text);
    return body.data as Record<string, unknown>;
  };
  const token = await tokenSent(world, email, SIGN_UP);
  await done(VERIFY, { token, password: PASSWORD });
  const { signIn } = await done(SIGN_IN, { email, password: PASSWORD });
  return personOf(world.t.url, email, (signIn as { token: string }).token);
}

/** The token of the mail that an operation sends to an address. */
export async function tokenSent(world: World, email: string, query: string): Promise<string> {
  const { token } = await mailAfter(world.outboxDir, email, async () => {
    const { body, text } = await gql(world, query, { email }, {}, newIp());
    if (errorOf({ body }) !== undefined) throw new Error(text);
  });
  return token;
}
export const MAGIC_LINK =
  'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }';
export const RESET =
  'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }';

export const cookieOf = (headers: Headers) =>
  headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
export const signInByCookie = (world: World, email: string) =>
  send(world, '/api/auth/sign-in/email', { ip: newIp(), body: { email, password: PASSWORD } });
export const VIEWER = '{ viewer { user { id } } }';
