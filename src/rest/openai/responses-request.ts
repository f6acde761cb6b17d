import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { ImageSource } from '../../inference/index.js';
import { imageSourceOf } from '../image.js';
import { Scoring } from '../scoring.js';
import { FunctionTool, type ToolChoice } from './function-tools.js';
import { AnswerFormat, type Said } from './question.js';

const TextPart = z.object({ type: z.literal('input_text'), text: z.string() });
const ImagePart = z.object({
  type: z.literal('input_image'),
  image_url: z.string().nullish().meta({ description: 'A data: URL, or an https: address' }),
  file_id: z.string().nullish(),
});

const Message = z.object({
  role: z.enum(['user', 'system', 'developer']),
  content: z.union([z.string(), z.array(z.union([TextPart, ImagePart]))], {
    error: 'Send a text, or parts {"type": "input_text"} and {"type": "input_image"}.',
  }),
});
/** Parts of earlier answers do not matter. */
const Answered = z.object({ role: z.literal('assistant') });

/** A function that was called earlier, and its result: neither matters, but that there is one. */
const FunctionCalled = z.object({ type: z.enum(['function_call', 'function_call_output']) });

const Tool = z.object({
  type: z.literal('function', { error: 'Only functions are called: {"type": "function"}.' }),
  ...FunctionTool.shape,
  description: z.string().nullish(),
  strict: z.boolean().nullish(),
});
const Choice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), name: z.string() }),
]);

const nothingKept = (error: string) => z.null({ error }).optional();

export const ResponsesRequest = z.object({
  model: z.string().meta({ description: 'Slug of the model' }),
  input: z.union(
    [
      z.string(),
      z.array(z.union([z.discriminatedUnion('role', [Message, Answered]), FunctionCalled])).min(1),
    ],
    { error: 'Send messages with parts {"type": "input_text"} and {"type": "input_image"}.' },
  ),
  instructions: z
    .string()
    .nullish()
    .meta({ description: 'Read as a text of the system: labels may be in it' }),
  text: z.object({ format: AnswerFormat.nullish() }).nullish(),
  stream: z.boolean().nullish(),
  scoring: Scoring,
  metadata: z.record(z.string(), z.string()).nullish(),
  background: z.literal(false, { error: 'An answer takes no time: ask for it at once.' }).nullish(),
  previous_response_id: nothingKept('Responses are not stored. Send the image again.'),
  conversation: nothingKept('Conversations are not stored. Send the image again.'),
  prompt: nothingKept('Saved prompts are not supported. Send the text.'),
  tools: z.array(Tool).max(128).nullish().meta({
    description: 'A function with an enum argument is a classification, as in chat completions',
  }),
  tool_choice: Choice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
});
export type ResponsesRequest = z.output<typeof ResponsesRequest>;

/** What may be called. */
export function toolsOf({
  tools,
  tool_choice: choice,
  parallel_tool_calls: inParallel,
}: ResponsesRequest): {
  readonly tools: readonly FunctionTool[];
  readonly choice: ToolChoice;
  readonly inParallel: boolean;
  readonly argument: string;
} {
  return {
    tools: tools ?? [],
    choice: choice ?? 'auto',
    inParallel: inParallel !== false,
    argument: 'tools',
  };
}

/** Whether what is asked for is a text about what a function has answered. */
export function isAfterCall({ input, tool_choice: choice }: ResponsesRequest): boolean {
  const last = typeof input === 'string' ? undefined : input.at(-1);
  const hasAnswered = last !== undefined && 'type' in last && last.type === 'function_call_output';
  return hasAnswered && (choice ?? 'auto') === 'auto';
}

/** @throws AppError BAD_USER_INPUT, and as `imageSourceOf` */
export function saidIn({ instructions, input }: ResponsesRequest): Said[] {
  const bySystem = [instructions ?? []].flat().map((text) => ({ isUser: false, text }));
  if (typeof input === 'string') return [...bySystem, { isUser: true, text: input }];
  const inMessages = input.flatMap((message, turn): Said[] => {
    if (!('content' in message)) return [];
    const isUser = message.role === 'user';
    if (typeof message.content === 'string') return [{ isUser, text: message.content }];
    return message.content.map((part) =>
      part.type === 'input_text' ? { isUser, text: part.text } : { image: sourceOf(part), turn },
    );
  });
  return [...bySystem, ...inMessages];
}

function sourceOf({ image_url: url, file_id: uploadId }: z.output<typeof ImagePart>): ImageSource {
  if (typeof uploadId === 'string') return { uploadId };
  if (typeof url === 'string') return imageSourceOf(url);
  throw new AppError('BAD_USER_INPUT', 'An input_image must have an image_url or a file_id.', {
    details: { argument: 'input' },
  });
}
