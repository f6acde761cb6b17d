import { z } from 'zod';
import type { Call } from '../call.js';

/** An event of an answer, as descriptions have it. */
export const EventStream = z
  .looseObject({})
  .meta({ description: 'Server-sent events, where `stream` asks for them' });

/** What a stream sends, in order. */
export interface StreamEvent {
  readonly event?: string;
  readonly data: object | '[DONE]';
}

/**
 * An answer as server-sent events. The call has run, and was paid, before the first of them: so they are sent at
 * once, after headers that tell what it cost, and no stream breaks off in the middle of one that was charged.
 * @returns the body
 */
export function eventStream(call: Call, events: readonly StreamEvent[]): string {
  call.setHeader('content-type', 'text/event-stream; charset=utf-8');
  return events
    .map(({ event, data }) => {
      const line = `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
      return event === undefined ? line : `event: ${event}\n${line}`;
    })
    .join('');
}
