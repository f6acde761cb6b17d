import { createHmac } from 'node:crypto';
import type { Auth } from './better-auth.gateway.js';

/** Value of a cookie that the library takes for its own, as it signs cookies. */
export function signedCookie(value: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(value).digest('base64');
  return encodeURIComponent(`${value}.${signature}`);
}

/**
 * Request headers with a bearer session token converted to the identity library's cookie. The library's bearer plugin
 * converts it for its own routes only, so our hooks (step-up, guess limits, password rules) would see no session. A
 * cookie sent along is replaced, and `Origin` is dropped: a page of another origin cannot know the token.
 */
export async function withSessionCookie(auth: Auth, given: Headers): Promise<Headers> {
  const token = /^Bearer\s+(\S+)$/i.exec(given.get('authorization') ?? '')?.[1];
  if (token === undefined) return given;
  const { authCookies, baseURL, secret } = await auth.$context;
  const { name } = authCookies.sessionToken;
  // With its signature a token is what the cookie of a browser holds, encoded or not.
  const value = token.includes('.')
    ? encodeURIComponent(decoded(token))
    : signedCookie(token, secret);
  const others = (given.get('cookie') ?? '')
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '' && !cookie.startsWith(`${name}=`));
  const headers = new Headers(given);
  headers.delete('authorization');
  headers.set('cookie', [...others, `${name}=${value}`].join('; '));
  headers.set('origin', new URL(baseURL).origin);
  return headers;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
