import { z } from 'zod';
import { AppError } from '../../errors.js';
import { isObject } from './json-schema.js';
import { type LabelForm, readLabelSchema } from './label-schema.js';
import type { Scores } from './label-score.js';

/** A function that a model may ask its caller to call. */
export const FunctionTool = z.object({
  name: z.string().min(1).max(200),
  parameters: z.unknown().optional(),
});
export type FunctionTool = z.output<typeof FunctionTool>;

/** Whether functions are called, and which. */
export type ToolChoice = 'none' | 'auto' | 'required' | { readonly name: string };

/** Which functions are called, and their arguments by the scores of labels. */
export interface ToolForm {
  readonly labels: readonly string[];
  readonly write: (scores: Scores) => readonly ToolCall[];
  readonly readsProbability: boolean;
}

export interface ToolCall {
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
}

interface Asked {
  readonly tools: readonly FunctionTool[];
  readonly choice: ToolChoice;
  /** false: one call at most. */
  readonly inParallel: boolean;
  /** In which they are sent, for errors. */
  readonly argument: string;
}

/**
 * Reads functions as questions about an image: their arguments are what a classification can say. With `auto` and
 * `required`, each function that asks for labels is called; which of them is meant, no label says.
 * @returns undefined when nothing is to be called
 * @throws AppError BAD_USER_INPUT for a function that has to be called, and cannot be
 */
export function readTools({ tools, choice, inParallel, argument }: Asked): ToolForm | undefined {
  if (choice === 'none' || (tools.length === 0 && typeof choice === 'string')) return undefined;
  if (typeof choice === 'object') {
    const tool = tools.find(({ name }) => name === choice.name);
    if (tool !== undefined) return callsOf([[tool, readLabelSchema(tool.parameters, argument)]]);
    throw new AppError('BAD_USER_INPUT', `There is no function "${choice.name.slice(0, 200)}".`, {
      details: { argument },
    });
  }
  const readable = tools.flatMap((tool) => {
    const form = findForm(tool, argument);
    return form === undefined ? [] : [[tool, form] as const];
  });
  const [first] = readable;
  if (first !== undefined) return callsOf(inParallel ? readable : [first]);
  const [refused] = tools;
  // Says what is wrong with it.
  if (choice === 'required') readLabelSchema(refused?.parameters, argument);
  return undefined;
}

function callsOf(forms: readonly (readonly [FunctionTool, LabelForm])[]): ToolForm {
  return {
    labels: [...new Set(forms.flatMap(([, { labels }]) => labels))],
    readsProbability: forms.some(([, form]) => form.readsProbability === true),
    write: (scores) =>
      forms.map(([{ name }, { write }]) => ({ name, arguments: JSON.stringify(write(scores)) })),
  };
}

/** undefined: its arguments are not labels. */
function findForm({ parameters }: FunctionTool, argument: string): LabelForm | undefined {
  if (!isObject(parameters)) return undefined;
  try {
    return readLabelSchema(parameters, argument);
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_USER_INPUT') return undefined;
    throw error;
  }
}
