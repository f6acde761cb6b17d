import WebSocket from 'ws';
import { bearer } from './platform.js';
import { type RawAnswer, rawRequest } from './raw-request.js';

/** Origins of pages. */
export const CONSOLE = 'https://console.example.org';
export const OTHER = 'http://localhost:3000';
/** Of the server itself. */
export const OWN = 'https://models.example.org';
/** Look like CONSOLE or OTHER, and are not. */
export const LOOKALIKES = [
  'https://console.example.org.evil.test',
  'https://console.example.org@evil.test',
  'https://evilconsole.example.org',
  'https://sub.console.example.org',
  'https://example.org',
  'https://console.example.or',
  'https://console.example.org:8443',
  'https://console.example.org:443',
  'https://console.example.org/',
  'https://console.example.org/page',
  'http://console.example.org',
  'https://CONSOLE.example.org',
  'HTTPS://console.example.org',
  'https://console.example.org, https://evil.test',
  'https://console.example.org https://evil.test',
  'https://console.example.org.',
  'http://localhost',
  'http://localhost:3001',
  'http://127.0.0.1:3000',
  'null',
  '*',
  'undefined',
  '',
];

/** A cookie of the name that sessions have. */
export const COOKIE = 'gigarouter.session_token=x';

export const JSON_TYPE = { 'content-type': 'application/json' };
export const TASKS = JSON.stringify({ query: '{ tasks { task } }' });
export const STREAM = `/graphql/stream?query=${encodeURIComponent('subscription { balanceChanged { balance { postedNanos } } }')}`;

export interface Door {
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly status: number;
}

/** Answers of every kind, from every edge. */
export const DOORS: readonly Door[] = [
  {
    name: 'GraphQL',
    method: 'POST',
    path: '/graphql',
    headers: JSON_TYPE,
    body: TASKS,
    status: 200,
  },
  { name: 'REST', path: '/v1/models', status: 200 },
  { name: 'an event stream', path: STREAM, status: 200 },
  { name: 'the health check', path: '/healthz', status: 200 },
  { name: 'the description', path: '/openapi.json', status: 200 },
  { name: 'the identity library', path: '/api/auth/get-session', status: 200 },
  { name: 'an address that cannot be decoded', path: '/%zz', status: 400 },
  {
    name: 'bad JSON',
    method: 'POST',
    path: '/graphql',
    headers: JSON_TYPE,
    body: '{',
    status: 400,
  },
  {
    name: 'a key that is wrong',
    method: 'POST',
    path: '/graphql',
    headers: { ...JSON_TYPE, ...bearer('gr-wrong') },
    body: TASKS,
    status: 401,
  },
  {
    name: 'no key',
    method: 'POST',
    path: '/v1/classify',
    headers: JSON_TYPE,
    body: '{}',
    status: 401,
  },
  { name: 'nothing at this address', path: '/nowhere', status: 404 },
  { name: 'another method', method: 'DELETE', path: '/graphql', status: 405 },
  {
    name: 'a body that is too large',
    method: 'POST',
    path: '/graphql',
    headers: JSON_TYPE,
    body: ' '.repeat(300_000),
    status: 413,
  },
  {
    name: 'another media type',
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'text/csv' },
    body: 'a,b',
    status: 415,
  },
];

export const send = (
  url: string,
  { headers = {}, ...door }: Omit<Door, 'name' | 'status'>,
  origin?: string,
) =>
  rawRequest(url, {
    ...door,
    headers: { ...headers, ...(origin === undefined ? {} : { origin }) },
  });

export const preflight = (url: string, origin: string, path: string, method = 'POST') =>
  rawRequest(url, {
    method: 'OPTIONS',
    path,
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type,x-stainless-lang',
    },
  });

export const corsHeaders = ({ headers }: RawAnswer) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('access-control-')),
  );

/** The status that answers an upgrade: 101 when it is one. */
export const upgrade = (url: string, headers: Record<string, string>) =>
  new Promise<number>((resolve) => {
    const address = `${url.replace('http', 'ws')}/graphql`;
    const socket = new WebSocket(address, 'graphql-transport-ws', { headers });
    socket.on('open', () => {
      resolve(101);
      socket.close();
    });
    socket.on('unexpected-response', (_request, response) => {
      // A refused connection must not stay open.
      response.socket.once('close', () => {
        resolve(response.statusCode ?? 0);
      });
      response.resume();
    });
    socket.on('error', () => undefined);
  });
