import { z } from 'zod';
import { imageSourceOf } from '../image.js';
import { Scoring } from '../scoring.js';
import { FunctionTool, type ToolChoice } from './function-tools.js';
import { ModelChoice } from './model-fallbacks.js';
import { ImagePart, TextPart } from './parts.js';
import type { AnswerFormat, Said } from './question.js';

const Message = z.object({
  role: z.enum(['user', 'system', 'developer']),
  content: z.union([z.string(), z.array(z.union([TextPart, ImagePart]))], {
    error: 'Send a text, or parts {"type": "text"} and {"type": "image_url"}.',
  }),
});
/** What was answered before does not matter. */
const Answered = z.object({ role: z.enum(['assistant', 'tool', 'function']) });

const ResponseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({
    type: z.literal('json_object'),
    schema: z.record(z.string(), z.unknown()).nullish().meta({
      description: 'As some clients send what belongs in `json_schema`',
    }),
  }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ schema: z.record(z.string(), z.unknown()) }),
  }),
]);

const Tool = z.object({
  type: z.literal('function', { error: 'Only functions are called: {"type": "function"}.' }),
  function: FunctionTool,
});

const Name = z.object({ name: z.string() });
const Choice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), function: Name }),
]);

/** Choices of an answer: all are the same, as nothing is left to chance. */
const N_MAX = 128;

export const ChatRequest = ModelChoice.extend({
  messages: z.array(z.discriminatedUnion('role', [Message, Answered])).min(1),
  response_format: ResponseFormat.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  usage: z
    .object({ include: z.boolean().nullish() })
    .nullish()
    .meta({ description: 'As OpenRouter has it: `usage` in the last event of a stream' }),
  n: z
    .int()
    .min(1)
    .max(N_MAX)
    .nullish()
    .meta({ description: 'Choices; all are the same, and paid once' }),
  scoring: Scoring,
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish().meta({
    description: 'With `logprobs`: how many labels to list, with the logarithms of their shares',
  }),
  tools: z.array(Tool).max(128).nullish(),
  tool_choice: Choice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  functions: z.array(FunctionTool).max(128).nullish().meta({ deprecated: true }),
  function_call: z
    .union([z.enum(['none', 'auto']), Name])
    .nullish()
    .meta({ deprecated: true }),
  modalities: z.array(z.literal('text', { error: 'This model answers in text alone.' })).nullish(),
});
export type ChatRequest = z.output<typeof ChatRequest>;

export function saidIn(messages: ChatRequest['messages']): Said[] {
  return messages.flatMap((message, turn) => {
    if (!('content' in message)) return [];
    const isUser = message.role === 'user';
    if (typeof message.content === 'string') return [{ isUser, text: message.content }];
    return message.content.map((part) =>
      part.type === 'text'
        ? { isUser, text: part.text }
        : { image: imageSourceOf(part.image_url), turn },
    );
  });
}

export function formatOf(given: ChatRequest['response_format']): AnswerFormat {
  if (given == null || given.type === 'text') return { type: 'text' };
  const schema = given.type === 'json_schema' ? given.json_schema.schema : given.schema;
  return schema == null ? { type: 'json_object' } : { type: 'json_schema', schema };
}

/** Functions as `tools`, or as `functions`, which they were called before. */
export function toolsOf({
  tools,
  tool_choice: choice,
  functions,
  function_call: call,
}: ChatRequest): {
  readonly tools: readonly FunctionTool[];
  readonly choice: ToolChoice;
  readonly argument: string;
  readonly isLegacy: boolean;
} {
  if (tools == null && functions != null) {
    return { tools: functions, choice: call ?? 'auto', argument: 'functions', isLegacy: true };
  }
  return {
    tools: (tools ?? []).map(({ function: one }) => one),
    choice: typeof choice === 'object' ? (choice?.function ?? 'auto') : (choice ?? 'auto'),
    argument: 'tools',
    isLegacy: false,
  };
}
