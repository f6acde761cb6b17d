import { mailsTo, PASSWORD, type Person, personOf, SIGN_IN } from '../support/people.js';
import { until } from '../support/process.js';
import { gql, send, type World } from './attack.js';

export const SIGN_UP = `mutation ($email: String!, $password: String!) {
  signUp(email: $email, password: $password, name: "X") { done } }`;

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
    if (body.errors !== undefined) throw new Error(text);
    return body.data as Record<string, unknown>;
  };
  await done(SIGN_UP, { email, password: PASSWORD });
  const token = await until('the mail', () => mailsTo(world.outboxDir, email).at(-1)?.token);
  await done('mutation ($token: String!) { verifyEmail(token: $token) { done } }', { token });
  const { signIn } = await done(SIGN_IN, { email, password: PASSWORD });
  return personOf(world.t.url, email, (signIn as { token: string }).token);
}

/** The token of the mail that an operation sends to an address. */
export async function tokenSent(world: World, email: string, query: string): Promise<string> {
  const before = mailsTo(world.outboxDir, email).length;
  const { body, text } = await gql(world, query, { email }, {}, newIp());
  if (body.errors !== undefined) throw new Error(text);
  return until('the mail', () => {
    const mails = mailsTo(world.outboxDir, email);
    return mails.length > before ? mails.at(-1)?.token : undefined;
  });
}
export const MAGIC_LINK = 'mutation ($email: String!) { requestMagicLink(email: $email) { done } }';
export const RESET = 'mutation ($email: String!) { requestPasswordReset(email: $email) { done } }';

export const cookieOf = (headers: Headers) =>
  headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
export const signInByCookie = (world: World, email: string) =>
  send(world, '/api/auth/sign-in/email', { ip: newIp(), body: { email, password: PASSWORD } });
export const VIEWER = '{ viewer { id } }';
