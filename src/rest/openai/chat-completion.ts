import { z } from 'zod';
import type { Metered } from '../../inference/index.js';
import { Usage, usageOf } from '../usage-object.js';
import type { StreamEvent } from './event-stream.js';
import type { ToolCall } from './function-tools.js';
import type { LabelShare } from './label-score.js';
import type { Answer } from './question.js';

const Alternative = z.object({
  token: z.string(),
  bytes: z.array(z.int()),
  logprob: z.number(),
});

const FunctionCall = z.object({ name: z.string(), arguments: z.string() });

const Message = z.object({
  role: z.literal('assistant'),
  content: z.string().nullable().meta({ description: 'null: functions are called' }),
  refusal: z.null(),
  tool_calls: z
    .array(z.object({ id: z.string(), type: z.literal('function'), function: FunctionCall }))
    .optional(),
  function_call: FunctionCall.optional().meta({ deprecated: true }),
});

export const ChatCompletion = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: Message,
      logprobs: z
        .object({
          content: z.array(Alternative.extend({ top_logprobs: z.array(Alternative) })),
          refusal: z.null(),
        })
        .nullable(),
      finish_reason: z.enum(['stop', 'tool_calls', 'function_call']),
    }),
  ),
  system_fingerprint: z.null(),
  usage: Usage.extend({ completion_tokens: z.literal(0) }),
});
export type ChatCompletion = z.output<typeof ChatCompletion>;

export interface ChatOptions {
  /** Choices, all the same. */
  readonly count: number;
  /** Labels to list; undefined: no logarithms at all. */
  readonly topLogprobs: number | undefined;
  /** A function is called by `function_call`, as it was before there were tools. */
  readonly isLegacy: boolean;
}

export function toChatCompletion(
  model: string,
  metered: Metered<object>,
  { content, toolCalls, alternatives }: Answer,
  { count, topLogprobs, isLegacy }: ChatOptions,
): ChatCompletion {
  const logprobs = topLogprobs === undefined ? null : logprobsOf(alternatives, topLogprobs);
  return {
    id: `chatcmpl-${metered.runId}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1_000),
    model,
    choices: Array.from({ length: count }, (_, index) => ({
      index,
      message: {
        role: 'assistant',
        content: toolCalls.length === 0 ? content : null,
        refusal: null,
        ...(isLegacy ? legacyCall(toolCalls) : callsOf(toolCalls, metered.runId, index)),
      },
      logprobs,
      finish_reason:
        toolCalls.length === 0 ? 'stop' : isLegacy ? 'function_call' : ('tool_calls' as const),
    })),
    system_fingerprint: null,
    usage: { ...usageOf(metered), completion_tokens: 0 },
  };
}

function callsOf(calls: readonly ToolCall[], runId: string, choice: number) {
  if (calls.length === 0) return {};
  return {
    tool_calls: calls.map((one, at) => ({
      id: `call_${runId.slice(4)}_${String(choice)}_${String(at)}`,
      type: 'function' as const,
      function: one,
    })),
  };
}

function legacyCall([call]: readonly ToolCall[]) {
  return call === undefined ? {} : { function_call: call };
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

export interface UsageOptions {
  /** Whether the last chunk tells what it cost. */
  readonly withUsage: boolean;
  /** Whether all before it have `usage` too, null, as OpenAI's do. */
  readonly nullBefore: boolean;
}

/** The same in chunks: who speaks, what, that it is over, and what it cost when that was asked for. */
export function toChatChunks(
  completion: ChatCompletion,
  { withUsage, nullBefore }: UsageOptions,
): StreamEvent[] {
  const { id, created, model, choices, usage } = completion;
  const chunk = (data: object) => ({
    data: {
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      ...(nullBefore ? { usage: null } : {}),
      ...data,
    },
  });
  const delta = (index: number, delta: object, rest: object = {}) =>
    chunk({ choices: [{ index, delta, logprobs: null, finish_reason: null, ...rest }] });
  return [
    ...choices.flatMap(({ index, message, logprobs, finish_reason }) => {
      const { role, content, tool_calls: calls, function_call: call } = message;
      const said =
        content === null
          ? {
              ...(calls && { tool_calls: calls.map((one, at) => ({ index: at, ...one })) }),
              ...(call && { function_call: call }),
            }
          : { content };
      return [
        delta(index, { role, content: content === null ? null : '', refusal: null }),
        delta(index, said, { logprobs }),
        delta(index, {}, { finish_reason }),
      ];
    }),
    ...(withUsage ? [chunk({ choices: [], usage })] : []),
    { data: '[DONE]' },
  ];
}
