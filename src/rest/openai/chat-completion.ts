import { z } from 'zod';
import type { Metered } from '../../inference/index.js';
import { Usage, usageOf } from '../usage.js';
import type { StreamEvent } from './event-stream.js';
import type { LabelShare } from './label-score.js';
import type { Answer } from './question.js';

const Alternative = z.object({
  token: z.string(),
  bytes: z.array(z.int()),
  logprob: z.number(),
});

export const ChatCompletion = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.literal(0),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string(),
        refusal: z.null(),
      }),
      logprobs: z
        .object({
          content: z.array(Alternative.extend({ top_logprobs: z.array(Alternative) })),
          refusal: z.null(),
        })
        .nullable(),
      finish_reason: z.literal('stop'),
    }),
  ),
  system_fingerprint: z.null(),
  usage: Usage.extend({ completion_tokens: z.literal(0) }),
});
export type ChatCompletion = z.output<typeof ChatCompletion>;

/** @param topLogprobs labels to list; undefined: no logarithms at all */
export function toChatCompletion(
  model: string,
  metered: Metered<object>,
  { content, alternatives = [] }: Answer,
  topLogprobs: number | undefined,
): ChatCompletion {
  return {
    id: `chatcmpl-${metered.runId}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1_000),
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        logprobs: topLogprobs === undefined ? null : logprobsOf(alternatives, topLogprobs),
        finish_reason: 'stop',
      },
    ],
    system_fingerprint: null,
    usage: { ...usageOf(metered), completion_tokens: 0 },
  };
}

/** A label is one token, as it is chosen as a whole. @param alternatives best first */
function logprobsOf(alternatives: readonly LabelShare[], top: number) {
  const all = alternatives.map(({ label, logShare }) => ({
    token: label,
    bytes: [...Buffer.from(label)],
    logprob: logShare,
  }));
  const content = all.slice(0, 1).map((best) => ({ ...best, top_logprobs: all.slice(0, top) }));
  return { content, refusal: null };
}

/** The same in chunks: who speaks, what, that it is over, and what it cost when that was asked for. */
export function toChatChunks(completion: ChatCompletion, includeUsage: boolean): StreamEvent[] {
  const { id, created, model, choices, usage } = completion;
  const chunk = (data: object) => ({
    data: {
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      ...(includeUsage ? { usage: null } : {}),
      ...data,
    },
  });
  const delta = (index: number, delta: object, rest: object = {}) =>
    chunk({ choices: [{ index, delta, logprobs: null, finish_reason: null, ...rest }] });
  return [
    ...choices.flatMap(({ index, message, logprobs, finish_reason }) => [
      delta(index, { role: message.role, content: '', refusal: null }),
      delta(index, { content: message.content }, { logprobs }),
      delta(index, {}, { finish_reason }),
    ]),
    ...(includeUsage ? [chunk({ choices: [], usage })] : []),
    { data: '[DONE]' },
  ];
}
