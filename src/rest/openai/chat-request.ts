import { z } from 'zod';
import { imageSourceOf } from '../image.js';
import { ImagePart, TextPart } from './parts.js';
import type { AnswerFormat, Said } from './question.js';
import { notWanted } from './unsupported.js';

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
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ schema: z.record(z.string(), z.unknown()) }),
  }),
]);

export const ChatRequest = z.object({
  model: z.string().meta({ description: 'Slug of the model' }),
  messages: z.array(z.discriminatedUnion('role', [Message, Answered])).min(1),
  response_format: ResponseFormat.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.literal(1, { error: 'There is one answer: leave n out.' }).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish().meta({
    description: 'With `logprobs`: how many labels to list, with the logarithms of their shares',
  }),
  tools: notWanted('This model calls no tools.'),
  functions: notWanted('This model calls no functions.'),
  modalities: z.array(z.literal('text', { error: 'This model answers in text alone.' })).nullish(),
});
export type ChatRequest = z.output<typeof ChatRequest>;

/** @throws AppError as `imageSourceOf` */
export function saidIn(messages: ChatRequest['messages']): Said[] {
  return messages.flatMap((message) => {
    if (!('content' in message)) return [];
    const isUser = message.role === 'user';
    if (typeof message.content === 'string') return [{ isUser, text: message.content }];
    return message.content.map((part) =>
      part.type === 'text' ? { isUser, text: part.text } : { image: imageSourceOf(part.image_url) },
    );
  });
}

export function formatOf(given: ChatRequest['response_format']): AnswerFormat {
  if (given?.type !== 'json_schema') return given ?? { type: 'text' };
  return { type: 'json_schema', schema: given.json_schema.schema };
}
