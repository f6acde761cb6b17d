import { z } from 'zod';
import { AppError } from '../../errors.js';
import { isDataUrlOfImage } from '../../inference/index.js';
import { imageSourceOf } from '../image.js';
import type { Embeddable } from '../vectors.js';
import { ImagePart, TextPart } from './parts.js';

const Part = z.union([TextPart, ImagePart]);
const Content = z.union([z.string(), z.array(Part)]);

const Item = z.union([
  z.string(),
  Part,
  z.object({ content: Content }),
  z.object({ image: z.string() }),
  z.object({ text: z.string() }),
]);

/** What is embedded, in the words of seven clients. */
export const EmbeddingFields = z.object({
  input: z
    .union([z.string(), z.array(Item).min(1)], { error: ({ input }) => hintFor(input) })
    .optional()
    .meta({
      description:
        'A text, or a list of: texts, data: URLs of images, `{text}`, `{image}`, `{content: [part]}`, and parts `{type: "text"}` and `{type: "image_url"}`',
    }),
  messages: z
    .array(z.object({ content: Content }))
    .min(1)
    .optional()
    .meta({ description: 'As vLLM has it, instead of `input`: one text or one image in all' }),
  modality: z
    .enum(['text', 'image'])
    .optional()
    .meta({ description: 'As infinity has it. image: the strings of `input` are images' }),
  input_type: z
    .string()
    .optional()
    .meta({ description: 'As Cohere has it. image: the strings of `input` are images' }),
});

/**
 * What to embed, in the caller's order. A string is a text, unless it is a data: URL, or the base64 of a PNG, JPEG,
 * GIF or WebP file, told by its first bytes: 64 characters of that kind are no words.
 * @throws AppError BAD_USER_INPUT
 */
export function readEmbeddingInput(fields: z.output<typeof EmbeddingFields>): Embeddable[] {
  const { input, messages, modality, input_type: inputType } = fields;
  if ((input === undefined) === (messages === undefined)) {
    throw bad('input', 'Set either `input` or `messages`, not both.');
  }
  if (messages !== undefined) return [onlyOne(messages.map(({ content }) => content))];
  const areImages = modality === 'image' || inputType === 'image';
  return [input ?? []].flat().map((item) => {
    if (typeof item !== 'string') return readItem(item);
    return areImages || isImage(item) ? { image: imageSourceOf(item) } : { text: item };
  });
}

function readItem(item: Exclude<z.output<typeof Item>, string>): Embeddable {
  if ('content' in item) return onlyOne([item.content]);
  if ('image' in item) return { image: imageSourceOf(item.image) };
  return 'text' in item ? { text: item.text } : readPart(item);
}

/** The towers make a vector of a text or of an image, and nothing says how to make one of several. */
function onlyOne(contents: readonly z.output<typeof Content>[]): Embeddable {
  const [first, ...others] = contents
    .flat()
    .map((part) => (typeof part === 'string' ? { text: part } : readPart(part)));
  if (first === undefined || others.length > 0) {
    throw bad(
      'input',
      'Each input must be one text or one image. Send several as separate inputs.',
    );
  }
  return first;
}

function readPart(part: z.output<typeof Part>): Embeddable {
  return part.type === 'text' ? { text: part.text } : { image: imageSourceOf(part.image_url) };
}

const IMAGE_IN_BASE64 = /^(?:iVBORw0KGgo|\/9j\/|R0lGOD[dl]h|UklGR)[A-Za-z0-9+/]{60}/;

function isImage(text: string): boolean {
  return isDataUrlOfImage(text) || IMAGE_IN_BASE64.test(text);
}

function hintFor(input: unknown): string {
  const isTokens = Array.isArray(input) && input.flat().some((one) => typeof one === 'number');
  return isTokens
    ? 'Send texts, not tokens: the model has a vocabulary of its own.'
    : 'Send a text, or a list of 1 or more texts and images.';
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
