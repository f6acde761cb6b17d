import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { ClassifyResult, ImageSource, Metered } from '../../inference/index.js';
import type { PaidCalls } from '../paid-calls.js';
import { readLabelSchema } from './label-schema.js';
import { type LabelShare, rankScores } from './label-score.js';
import { labelsOfText } from './label-text.js';

/** A part of what was said to a model: by the user, or by the system that stands behind it. */
export type Said =
  { readonly isUser: boolean; readonly text: string } | { readonly image: ImageSource };

/** How the answer is to be written. */
export const AnswerFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({ type: z.literal('json_schema'), name: z.string().optional(), schema: z.unknown() }),
]);
export type AnswerFormat = z.output<typeof AnswerFormat>;

/** An image, what to choose from, and how to say it. */
export interface Question {
  readonly image: ImageSource;
  readonly labels: readonly string[];
  readonly write: (image: ClassifyResult['images'][number]) => Answer;
}

export interface Answer {
  readonly content: string;
  /** The labels that the answer was chosen from, best first; of an answer that is one label. */
  readonly alternatives?: readonly LabelShare[];
}

/** Where the parts of a question are sent, for errors. */
export interface Arguments {
  readonly conversation: string;
  readonly format: string;
}

/**
 * The labels are those of the JSON schema, or those in the last text of the user, or, where the user says nothing,
 * of the system. A text is answered by the best label, JSON by what the schema asks for, and `json_object`, which
 * asks for nothing, by `{"label": …, "score": …}`.
 * @param said in order
 * @throws AppError BAD_USER_INPUT without exactly one image, and without labels
 */
export function readQuestion(
  said: readonly Said[],
  format: AnswerFormat,
  { conversation: argument, format: formatArgument }: Arguments,
): Question {
  const images = said.flatMap((part) => ('image' in part ? [part.image] : []));
  const [image, ...others] = images;
  if (image === undefined || others.length > 0) {
    const count = String(images.length);
    throw bad(argument, `A call is about one image; in this one there are ${count}.`);
  }
  if (format.type === 'json_schema') {
    const { labels, write } = readLabelSchema(format.schema, formatArgument);
    return {
      image,
      labels,
      write: (scored) => ({ content: JSON.stringify(write(byLabel(scored))) }),
    };
  }
  const texts = said.flatMap((part) => ('text' in part ? [part] : []));
  const last = texts.findLast(({ isUser }) => isUser) ?? texts.at(-1);
  const labels = labelsOfText(last?.text ?? '');
  if (labels.length === 0) {
    throw bad(
      argument,
      'There is nothing to choose from: say it after a colon ("Which of these is it: cat, dog or bird?"), line by line with "- " before each, or as an enum of a JSON schema.',
    );
  }
  return {
    image,
    labels,
    write: (scored) => writeBest(rankScores(labels, byLabel(scored)), format),
  };
}

/** By one metered call: labels of several enums are scored together. @throws AppError as `PaidCalls.classify` */
export async function ask<Caller>(
  calls: Pick<PaidCalls<Caller>, 'classify'>,
  call: Caller,
  model: string,
  { image, labels, write }: Question,
): Promise<{ readonly metered: Metered<ClassifyResult>; readonly answer: Answer }> {
  const metered = await calls.classify(call, {
    model,
    images: [image],
    labels,
    scoring: 'SOFTMAX',
  });
  const [scored] = metered.result.images;
  if (scored === undefined) throw new Error('One image gave no result.');
  return { metered, answer: write(scored) };
}

function writeBest(alternatives: readonly LabelShare[], { type }: AnswerFormat): Answer {
  const [best] = alternatives;
  if (best === undefined) throw new Error('There is nothing to choose from.');
  const { label, logShare } = best;
  if (type === 'text') return { content: label, alternatives };
  return { content: JSON.stringify({ label, score: Math.exp(logShare) }) };
}

function byLabel({ labels }: ClassifyResult['images'][number]) {
  return new Map(labels.map((score) => [score.label, score]));
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
