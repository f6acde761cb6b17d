import { z } from 'zod';
import type { Metered } from '../../inference/index.js';
import { Cost, costOf, usageOf } from '../usage.js';
import type { StreamEvent } from './event-stream.js';
import { AnswerFormat } from './question.js';
import type { ResponsesRequest } from './responses-request.js';

const OutputText = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.never()),
  logprobs: z.array(z.never()),
});

const Message = z.object({
  id: z.string(),
  type: z.literal('message'),
  status: z.enum(['in_progress', 'completed']),
  role: z.literal('assistant'),
  content: z.array(OutputText),
});

export const ResponseObject = z.object({
  id: z.string(),
  object: z.literal('response'),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: z.enum(['in_progress', 'completed']),
  background: z.literal(false),
  error: z.null(),
  frequency_penalty: z.null(),
  incomplete_details: z.null(),
  instructions: z.string().nullable(),
  max_output_tokens: z.null(),
  metadata: z.record(z.string(), z.string()),
  model: z.string(),
  output: z.array(Message),
  parallel_tool_calls: z.literal(false),
  presence_penalty: z.null(),
  previous_response_id: z.null(),
  store: z.literal(false),
  temperature: z.null(),
  text: z.object({ format: AnswerFormat }),
  tool_choice: z.literal('none'),
  tools: z.array(z.never()),
  top_p: z.null(),
  truncation: z.literal('disabled'),
  usage: z
    .object({
      input_tokens: z.int(),
      input_tokens_details: z.object({ cached_tokens: z.literal(0) }),
      output_tokens: z.literal(0),
      output_tokens_details: z.object({ reasoning_tokens: z.literal(0) }),
      total_tokens: z.int(),
      ...Cost.shape,
    })
    .nullable(),
});
type ResponseObject = z.output<typeof ResponseObject>;

export function toResponse(
  { model, instructions, metadata, text }: ResponsesRequest,
  metered: Metered<object>,
  content: string,
): ResponseObject {
  const { prompt_tokens: inputs, total_tokens } = usageOf(metered);
  const nowS = Math.floor(Date.now() / 1_000);
  return {
    id: `resp-${metered.runId}`,
    object: 'response',
    created_at: nowS,
    completed_at: nowS,
    status: 'completed',
    background: false,
    error: null,
    frequency_penalty: null,
    incomplete_details: null,
    instructions: instructions ?? null,
    max_output_tokens: null,
    metadata: metadata ?? {},
    model,
    output: [
      {
        id: `msg-${metered.runId}`,
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: content, annotations: [], logprobs: [] }],
      },
    ],
    parallel_tool_calls: false,
    presence_penalty: null,
    previous_response_id: null,
    store: false,
    temperature: null,
    text: { format: text?.format ?? { type: 'text' } },
    tool_choice: 'none',
    tools: [],
    top_p: null,
    truncation: 'disabled',
    usage: {
      input_tokens: inputs,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens,
      ...costOf(metered),
    },
  };
}

/** The same as the events that lead to it, numbered. */
export function toResponseEvents(response: ResponseObject): StreamEvent[] {
  const begun: ResponseObject = {
    ...response,
    status: 'in_progress',
    completed_at: null,
    output: [],
    usage: null,
  };
  const events = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...response.output.flatMap((message, output_index) => [
      {
        type: 'response.output_item.added',
        output_index,
        item: { ...message, status: 'in_progress', content: [] },
      },
      ...message.content.flatMap((part, content_index) => {
        const at = { item_id: message.id, output_index, content_index };
        const { text } = part;
        return [
          { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
          { type: 'response.output_text.delta', ...at, delta: text, logprobs: [] },
          { type: 'response.output_text.done', ...at, text, logprobs: [] },
          { type: 'response.content_part.done', ...at, part },
        ];
      }),
      { type: 'response.output_item.done', output_index, item: message },
    ]),
    { type: 'response.completed', response },
  ];
  return events.map((data, sequence_number) => ({
    event: data.type,
    data: { ...data, sequence_number },
  }));
}
