import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { ClassifyResult, ImageSource, Metered } from '../../inference/index.js';
import type { PaidCalls } from '../paid-calls.js';
import { type Scoring, scoringOf } from '../scoring.js';
import { schemaInText } from './embedded-schema.js';
import type { ToolCall, ToolForm } from './function-tools.js';
import type { Json } from './json-schema.js';
import { readLabelSchema } from './label-schema.js';
import { type LabelShare, rankScores, type Scores } from './label-score.js';
import { labelsOfText } from './label-text.js';

/** A part of what was said to a model: by the user, or by the system that stands behind it. */
export type Said =
  | { readonly isUser: boolean; readonly text: string }
  /** `turn`: position of the message. */
  | { readonly image: ImageSource; readonly turn: number };

/** How the answer is to be written. */
export const AnswerFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({ type: z.literal('json_schema'), name: z.string().optional(), schema: z.unknown() }),
]);
export type AnswerFormat = z.output<typeof AnswerFormat>;

/** What is asked, in any dialect. */
export interface Asked {
  /** In order. */
  readonly said: readonly Said[];
  readonly format: AnswerFormat;
  /** Functions to call instead of an answer. */
  readonly tools?: ToolForm | undefined;
  readonly scoring?: Scoring;
  /** A function that was called has answered: what is asked for now is a text. */
  readonly isAfterCall?: boolean;
}

/** An image, what to choose from, and how to say it. */
export interface Question {
  readonly image: ImageSource;
  readonly labels: readonly string[];
  readonly write: (image: ClassifyResult['images'][number]) => Answer;
  /** Whether the answer has probabilities, not only shares. */
  readonly readsProbability?: boolean;
}

export interface Answer {
  readonly content: string;
  /** Empty: the content is the answer. */
  readonly toolCalls: readonly ToolCall[];
  /** The labels that the answer was chosen from, best first. */
  readonly alternatives: readonly LabelShare[];
}

/** Where the parts of a question are sent, for errors. */
export interface Arguments {
  readonly conversation: string;
  readonly format: string;
}

/**
 * The labels are those of the functions, or of the JSON schema, or those in the last text of the user that has some,
 * or, where the user says none, of the system. A text is answered by the best label, JSON by what the schema asks for,
 * and `json_object` without a schema in the texts by `{"label": …, "score": …}`. The image is that of the last message
 * that has one.
 * @throws AppError BAD_USER_INPUT without exactly one image in it, and without labels
 */
export function readQuestion(asked: Asked, places: Arguments): Question {
  const image = lastImage(asked.said, places.conversation);
  const { labels, write, readsProbability = false } = readForm(asked, places);
  return {
    image,
    labels,
    readsProbability: readsProbability || asked.scoring === 'sigmoid',
    write: (scored) => {
      const way = (among: number) => scoringOf('chat', asked.scoring, among);
      const scores = new Map(scored.labels.map((score) => [score.label, { ...score, way }]));
      return { toolCalls: [], ...write(scores), alternatives: rankScores(labels, scores) };
    },
  };
}

interface Form {
  readonly labels: readonly string[];
  readonly write: (scores: Scores) => Pick<Answer, 'content'> & Partial<Pick<Answer, 'toolCalls'>>;
  readonly readsProbability?: boolean | undefined;
}

function readForm({ said, format, tools, isAfterCall }: Asked, places: Arguments): Form {
  if (tools !== undefined && isAfterCall !== true) {
    const { labels, write, readsProbability } = tools;
    return {
      labels,
      readsProbability,
      write: (scores) => ({ content: '', toolCalls: write(scores) }),
    };
  }
  if (format.type === 'json_schema') return schemaForm(format.schema, places.format);
  const texts = said.flatMap((part) => ('text' in part ? [part] : []));
  const embedded = texts.map(({ text }) => schemaInText(text)).find((one) => one !== undefined);
  if (embedded !== undefined) return embeddedForm(embedded, format, places.conversation);
  const inText = labelsIn(texts);
  const labels = inText.length > 0 ? inText : (tools?.labels ?? []);
  if (labels.length > 0) {
    return { labels, write: (scores) => ({ content: bestIn(labels, scores, format) }) };
  }
  throw bad(
    places.conversation,
    'No labels found. List them after a colon ("Which of these is it: cat, dog or bird?"), on lines that start with "- ", as an enum of a JSON schema, or as an enum argument of a function.',
  );
}

function schemaForm(schema: unknown, argument: string): Form {
  const { labels, write, readsProbability } = readLabelSchema(schema, argument);
  return {
    labels,
    readsProbability,
    write: (scores) => ({ content: JSON.stringify(write(scores)) }),
  };
}

/** Who does not ask for JSON by its name finds it in the text by its fence. */
function embeddedForm(schema: Json, { type }: AnswerFormat, argument: string): Form {
  const { labels, write, readsProbability } = readLabelSchema(schema, argument);
  return {
    labels,
    readsProbability,
    write: (scores) => {
      const json = JSON.stringify(write(scores));
      return { content: type === 'text' ? `\`\`\`json\n${json}\n\`\`\`` : json };
    },
  };
}

/** Of the last text that has some: the user's before those of the system. */
function labelsIn(texts: readonly { readonly isUser: boolean; readonly text: string }[]): string[] {
  const inOrder = [
    ...texts.filter(({ isUser }) => !isUser),
    ...texts.filter(({ isUser }) => isUser),
  ];
  for (const { text } of inOrder.reverse()) {
    const labels = labelsOfText(text);
    if (labels.length > 0) return labels;
  }
  return [];
}

/** Of the last message that has one: earlier ones were answered. */
function lastImage(said: readonly Said[], argument: string): ImageSource {
  const images = said.flatMap((part) => ('image' in part ? [part] : []));
  const last = images.at(-1);
  const together = images.filter(({ turn }) => turn === last?.turn);
  if (last !== undefined && together.length === 1) return last.image;
  throw bad(
    argument,
    `A call is about one image; in ${last === undefined ? 'this one' : 'its last message with images'} there are ${String(together.length)}.`,
  );
}

/** By one metered call: labels of several enums are scored together. @throws AppError as `PaidCalls.classify` */
export async function ask<Caller>(
  calls: Pick<PaidCalls<Caller>, 'classify'>,
  call: Caller,
  model: string,
  { image, labels, write, readsProbability = false }: Question,
): Promise<{ readonly metered: Metered<ClassifyResult>; readonly answer: Answer }> {
  const metered = await calls.classify(call, {
    model,
    images: [image],
    labels,
    // A model that has no probabilities refuses what asks for them.
    scoring: readsProbability ? 'SIGMOID' : scoringOf('chat', undefined, labels.length),
  });
  const [scored] = metered.result.images;
  if (scored === undefined) throw new Error('One image gave no result.');
  return { metered, answer: write(scored) };
}

function bestIn(labels: readonly string[], scores: Scores, { type }: AnswerFormat): string {
  const [best] = rankScores(labels, scores);
  if (best === undefined) throw new Error('There is nothing to choose from.');
  const { label, logShare } = best;
  return type === 'text' ? label : JSON.stringify({ label, score: Math.exp(logShare) });
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
