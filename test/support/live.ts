import { type Client, createClient } from 'graphql-ws';
import { createClient as createSseClient } from 'graphql-sse';
import WebSocket from 'ws';
import type { TestApp } from './app.js';
import { until } from './process.js';

export type Transport = 'websocket' | 'sse';
export const TRANSPORTS: readonly Transport[] = ['websocket', 'sse'];

/** What a subscriber got so far. */
export interface Subscriber {
  // Untyped on purpose: tests look into whatever came.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly events: any[];
  /** How it ended: 'complete', or the error; undefined while it runs. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly end: () => any;
  readonly close: () => void;
}

/** Subscribes by the client that people use. */
export function subscribe(
  transport: Transport,
  url: string,
  query: string,
  options: {
    readonly secret?: string;
    readonly variables?: Record<string, unknown>;
    readonly retryAttempts?: number;
  } = {},
): Subscriber {
  const { secret, variables = {}, retryAttempts = 0 } = options;
  const authorization = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  const client =
    transport === 'websocket'
      ? createClient({
          url: `${url.replace('http', 'ws')}/graphql`,
          webSocketImpl: WebSocket,
          connectionParams: authorization,
          retryAttempts,
          retryWait: () => Promise.resolve(),
        })
      : createSseClient({
          url: `${url}/graphql/stream`,
          headers: authorization,
          retryAttempts,
          retry: () => Promise.resolve(),
        });
  const events: unknown[] = [];
  let end: unknown;
  const close = (client as Pick<Client, 'subscribe'>).subscribe(
    { query, variables },
    {
      next: (event) => events.push(event),
      error: (error) => (end = error),
      complete: () => (end ??= 'complete'),
    },
  );
  return {
    events,
    end: () => end,
    close: () => {
      close();
      void client.dispose();
    },
  };
}

/** The event at a place, once it came. */
export function event(subscriber: Subscriber, at: number) {
  return until(`event ${String(at)}`, () => {
    if (subscriber.events.length <= at && subscriber.end() !== undefined) {
      throw new Error(`It ended: ${JSON.stringify(subscriber.end())}`);
    }
    return subscriber.events[at];
  });
}

export function ended(subscriber: Subscriber) {
  return until('the end of a subscription', () => subscriber.end());
}

/** A value of /metrics; 0 while it is not there. */
export async function metric({ url }: Pick<TestApp, 'url'>, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length));
}
