import { createHmac } from 'node:crypto';
import type { Auth } from './better-auth.gateway.js';

/** Value of a cookie that the library takes for its own, as it signs cookies. */
export function signedCookie(value: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(value).digest('base64');
  return encodeURIComponent(`${value}.${signature}`);
}

/**
 * Headers in which a session that came as bearer token is the library's cookie. The library's own plugin for bearer tokens
 * does that for its routes alone: hooks, and so proofs before changes, counts of guesses and rules for passwords, would
 * find nobody. A session that came as cookie beside it gives way, and so does `Origin`: no other page knows the token.
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
