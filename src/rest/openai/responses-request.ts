import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { ImageSource } from '../../inference/index.js';
import { imageSourceOf } from '../image.js';
import { Scoring } from '../scoring.js';
import { AnswerFormat, type Said } from './question.js';
import { notWanted } from './unsupported.js';

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

const nothingKept = (error: string) => z.null({ error }).optional();

export const ResponsesRequest = z.object({
  model: z.string().meta({ description: 'Slug of the model' }),
  input: z.union([z.string(), z.array(z.discriminatedUnion('role', [Message, Answered])).min(1)], {
    error: 'Send messages with parts {"type": "input_text"} and {"type": "input_image"}.',
  }),
  instructions: z
    .string()
    .nullish()
    .meta({ description: 'Read as a text of the system: labels may be in it' }),
  text: z.object({ format: AnswerFormat.nullish() }).nullish(),
  stream: z.boolean().nullish(),
  scoring: Scoring,
  metadata: z.record(z.string(), z.string()).nullish(),
  background: z.literal(false, { error: 'An answer takes no time: ask for it at once.' }).nullish(),
  previous_response_id: nothingKept('Nothing is kept of a response: send the image again.'),
  conversation: nothingKept('Nothing is kept of a conversation: send the image again.'),
  prompt: nothingKept('There are no saved prompts: send the text.'),
  tools: notWanted('This model calls no tools.'),
});
export type ResponsesRequest = z.output<typeof ResponsesRequest>;

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
  throw new AppError('BAD_USER_INPUT', 'An input_image has an image_url or a file_id.', {
    details: { argument: 'input' },
  });
}
