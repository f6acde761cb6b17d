import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientNetwork } from '../platform/client-network.js';
import type { IsTrustedProxy } from './trusted-proxies.js';

export interface ConnectionLimitOptions {
  /** Connections of the whole server; 0: no limit. */
  readonly connectionsMax: number;
  /** Of one network (IPv4 address, IPv6 /64); 0: no limit. */
  readonly connectionsPerAddress: number;
  /** Their connections are those of many clients. */
  readonly isTrustedProxy: IsTrustedProxy;
}

/** Requests in progress on one connection. Few clients send one before the last is answered, and those a few. */
const PIPELINED_MAX = 16;

/** A body may come as slowly as it likes for so long, and then has to have come at this pace since its beginning. */
const SLOW_MS_MAX = 20_000;
const BYTES_PER_S_MIN = 1_024;
const LOOK_MS = 1_000;

/** Nothing of these connections is read: the answer is the same for any request. */
const TOO_MANY = answer('429 Too Many Requests', {
  code: 'RATE_LIMITED',
  message: 'Your network has too many open connections. Close some, or try again in a moment.',
});
const TOO_SLOW = answer('408 Request Timeout', {
  code: 'REQUEST_TIMEOUT',
  message: 'The body of the request came too slowly.',
});

/**
 * Bounds how many connections a network may hold open, how many requests each may have in progress, and how slowly it may
 * send on them. Heads have a time limit of their own (`headersTimeout`), and so have idle connections (`keepAliveTimeout`).
 * After all other listeners for requests.
 */
export function limitConnections(server: Server, options: ConnectionLimitOptions): void {
  const { connectionsMax, connectionsPerAddress, isTrustedProxy } = options;
  if (connectionsMax > 0) server.maxConnections = connectionsMax;
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (connectionsPerAddress === 0 || remoteAddress === undefined) return;
    if (isTrustedProxy(remoteAddress)) return;
    const network = clientNetwork(remoteAddress);
    const count = (open.get(network) ?? 0) + 1;
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
    if (count > connectionsPerAddress) hangUp(socket, TOO_MANY);
  });
  endSlowBodies(server);
  endLongPipelines(server);
}

/**
 * Node begins every request that has come, answered or not: 64 KiB hold a thousand, and all others would wait for them.
 * What is past the limit is not looked at, so this goes before the listeners that are there.
 */
function endLongPipelines(server: Server): void {
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  const inProgress = new WeakMap<Socket, number>();
  server.on('request', (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    const count = (inProgress.get(socket) ?? 0) + 1;
    if (count > PIPELINED_MAX) {
      socket.destroy();
      return;
    }
    inProgress.set(socket, count);
    response.once('close', () => inProgress.set(socket, (inProgress.get(socket) ?? 1) - 1));
    for (const listener of listeners) Reflect.apply(listener, server, [request, response]);
  });
}

interface InProgress {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Milliseconds, by `performance.now`. */
  readonly since: number;
  /** Bytes that the connection had brought before. */
  readonly bytesBefore: number;
}

/**
 * Looks now and then at the latest request of each connection. Those that are complete are removed then, and not at their
 * end: a Map that changes with each request keeps what it held in memory (docs/performance.md).
 */
function endSlowBodies(server: Server): void {
  const current = new Map<Socket, InProgress>();
  server.on('connection', (socket: Socket) => {
    socket.once('close', () => current.delete(socket));
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    const [since, bytesBefore] = [performance.now(), socket.bytesRead];
    current.set(socket, { request, response, since, bytesBefore });
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, { request, response, since, bytesBefore }] of current) {
      if (request.complete) {
        current.delete(socket);
        continue;
      }
      const ms = now - since;
      if (ms < SLOW_MS_MAX) continue;
      if (socket.bytesRead - bytesBefore >= (ms / 1_000) * BYTES_PER_S_MIN) continue;
      if (response.headersSent) socket.destroy();
      else hangUp(socket, TOO_SLOW);
    }
  }, LOOK_MS).unref();
  server.once('close', () => {
    clearInterval(timer);
  });
}

function hangUp(socket: Socket, text: string): void {
  if (socket.writable) socket.end(text);
  socket.destroySoon();
}

function answer(status: string, error: { code: string; message: string }): string {
  const body = JSON.stringify({ error });
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${String(Buffer.byteLength(body))}`,
    'cache-control: no-store',
    'retry-after: 5',
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
