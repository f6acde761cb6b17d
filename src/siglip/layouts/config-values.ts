import { z } from 'zod';
import { AppError } from '../../errors.js';
import { describeIssue } from '../describe-issue.js';

/* What the configurations of all layouts are made of. */

/** One of the choices that the graphs implement; the message names the one that was asked for. */
export function only<const T extends string | number | boolean | null>(...choices: T[]) {
  return z.literal(choices, {
    error: ({ input }) =>
      `${show(input)} is not supported; supported: ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
  });
}

function show(input: unknown): string {
  if (input === undefined) return 'Leaving it out';
  return typeof input === 'object' && input !== null ? 'This' : JSON.stringify(input);
}

// Far above any published model; they bound the graph that a hostile config could ask for.
export const size = z.int().min(1).max(65_536);
export const depth = z.int().min(1).max(256);
export const heads = z.int().min(1).max(1024);
export const ratio = z.number().positive().max(64);
export const pixels = z.int().min(1).max(4096);
export const square = z
  .union([
    pixels,
    z.tuple([pixels, pixels]).refine(([height, width]) => height === width, 'must be square'),
  ])
  .transform((value) => (typeof value === 'number' ? value : value[0]));
/** Of CLIP's text towers, which nearly all have these. */
export const textSizes = {
  context_length: z.int().min(1).max(4096).default(77),
  vocab_size: z
    .int()
    .min(1)
    .max(2 ** 20)
    .default(49_408),
};
export const channels = z.tuple([z.number(), z.number(), z.number()]);
/** Below it, a pixel would become infinite; above it, all would be one. */
export const deviations = channels.refine(
  (values) => values.every((value) => value >= 1e-3 && value <= 1e3),
  { error: ({ input }) => `${JSON.stringify(input)} is not 0.001 to 1000` },
);

/** What is wrong with a setting; {@link readAs} says in which file. */
export class SettingFault extends Error {}

/** @throws AppError BAD_USER_INPUT that begins with the file's name */
export function readAs<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingFault)) throw error;
    throw new AppError('BAD_USER_INPUT', `${file}: ${error.message}.`, { cause: error.cause });
  }
}

/** @throws SettingFault that names the first setting that the schema refuses */
export function parseJson<T extends z.ZodType>(json: string, schema: T): z.output<T> {
  let value: unknown;
  try {
    // Editors of one system put a byte-order mark before the text.
    value = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new SettingFault('it is not JSON', { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SettingFault(describeIssue(parsed.error));
}

export function checkHeads(where: string, width: number, heads: number): void {
  if (width % heads === 0) return;
  throw new SettingFault(
    `${where}: ${String(heads)} heads do not divide a width of ${String(width)}`,
  );
}

export function checkEqual(name: string, value: number, otherName: string, other: number): void {
  if (value === other) return;
  throw new SettingFault(`${name} is ${String(value)}, but ${otherName} is ${String(other)}`);
}

/** Of a square image: rows and columns that no whole patch covers do not count. */
export function patchCount(imageSize: number, patchSize: number): number {
  const patches = Math.floor(imageSize / patchSize) ** 2;
  if (patches > 0) return patches;
  throw new SettingFault(
    `an image of ${String(imageSize)} pixels has no patch of ${String(patchSize)}`,
  );
}
