import { z } from 'zod';
import type { Metered } from '../../inference/index.js';
import { Cost, costOf, usageOf } from '../usage-object.js';
import type { StreamEvent } from './event-stream.js';
import { AnswerFormat, type Answer } from './question.js';
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

const FunctionCall = z.object({
  id: z.string(),
  type: z.literal('function_call'),
  status: z.enum(['in_progress', 'completed']),
  call_id: z.string().meta({ description: 'Names the call in a `function_call_output`' }),
  name: z.string(),
  arguments: z.string().meta({ description: 'JSON' }),
});
type FunctionCall = z.output<typeof FunctionCall>;

const Output = z.union([Message, FunctionCall]);
type Output = z.output<typeof Output>;

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
  output: z.array(Output),
  parallel_tool_calls: z.boolean(),
  presence_penalty: z.null(),
  previous_response_id: z.null(),
  store: z.literal(false),
  temperature: z.null(),
  text: z.object({ format: AnswerFormat }),
  tool_choice: z.unknown().meta({ description: 'As it was asked for; "none" without tools' }),
  tools: z.array(z.looseObject({})),
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
  { model, instructions, metadata, text, ...asked }: ResponsesRequest,
  metered: Metered<object>,
  answer: Answer,
): ResponseObject {
  const { prompt_tokens: inputs, total_tokens } = usageOf(metered);
  const tools = (asked.tools ?? []).map((tool) => ({ strict: null, parameters: null, ...tool }));
  const hasTools = tools.length > 0;
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
    output: outputOf(answer, metered.runId),
    parallel_tool_calls: hasTools && asked.parallel_tool_calls !== false,
    presence_penalty: null,
    previous_response_id: null,
    store: false,
    temperature: null,
    text: { format: text?.format ?? { type: 'text' } },
    tool_choice: hasTools ? (asked.tool_choice ?? 'auto') : 'none',
    tools,
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

/** Calls of functions, or a text. */
function outputOf({ content, toolCalls }: Answer, runId: string): Output[] {
  if (toolCalls.length > 0) {
    return toolCalls.map((one, at) => ({
      id: `fc-${runId}-${String(at)}`,
      type: 'function_call',
      status: 'completed',
      call_id: `call_${runId.slice(4)}_${String(at)}`,
      ...one,
    }));
  }
  return [
    {
      id: `msg-${runId}`,
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: content, annotations: [], logprobs: [] }],
    },
  ];
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
  const events: OutputEvent[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...response.output.flatMap((item, at) =>
      item.type === 'message' ? messageEvents(item, at) : callEvents(item, at),
    ),
    { type: 'response.completed', response },
  ];
  return events.map((data, sequence_number) => ({
    event: data.type,
    data: { ...data, sequence_number },
  }));
}

interface OutputEvent {
  readonly type: string;
  readonly [name: string]: unknown;
}

function messageEvents(message: z.output<typeof Message>, output_index: number): OutputEvent[] {
  return [
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
  ];
}

function callEvents(call: FunctionCall, output_index: number): OutputEvent[] {
  const at = { item_id: call.id, output_index };
  return [
    {
      type: 'response.output_item.added',
      output_index,
      item: { ...call, status: 'in_progress', arguments: '' },
    },
    { type: 'response.function_call_arguments.delta', ...at, delta: call.arguments },
    {
      type: 'response.function_call_arguments.done',
      ...at,
      name: call.name,
      arguments: call.arguments,
    },
    { type: 'response.output_item.done', output_index, item: call },
  ];
}
