import { z } from 'zod';
import { AppError } from '../errors.js';
import { describeIssue } from './describe-issue.js';
import { DATA_TYPES, type DataType } from './onnx/proto.js';

/** The file that says what was compiled; written last, so that all it names is there. */
export const MANIFEST_FILE = 'gigarouter.json';

/** Counts up whenever the same checkpoint gives other graphs. */
export const RECIPE = 5;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex');
const positive = z.int().min(1);

const fileSchema = z.strictObject({
  /** A plain name, or one in `onnx/`: a manifest never points out of its folder. */
  file: z.string().regex(/^(?:onnx\/)?[A-Za-z0-9][\w.-]*$/, 'must be a plain file name'),
  bytes: positive,
  sha256,
});

const valueSchema = z.strictObject({
  name: z.string(),
  type: z.enum(Object.keys(DATA_TYPES) as [DataType, ...DataType[]]),
  /** A text stands for a size that the caller chooses. */
  shape: z.array(z.union([positive, z.string()])).readonly(),
});

const graphSchema = fileSchema.extend({
  inputs: z.array(valueSchema).readonly(),
  outputs: z.array(valueSchema).readonly(),
});

const variantSchema = z.strictObject({
  image: graphSchema,
  text: graphSchema,
  /** Weights of this variant's own, where it has any. */
  data: fileSchema.optional(),
  /**
   * False: a row's result depends on what else is in its batch, so that results which are kept, or shown
   * to different people, come from batches of one.
   */
  rowsAreIndependent: z.boolean(),
});

const manifestSchema = z.strictObject({
  recipe: z.literal(RECIPE, { error: () => 'was compiled by another version: compile it again' }),
  /** What the checkpoint is published as, and so which reference its pixels, ids and activations follow. */
  layout: z.enum(['open_clip', 'hugging_face', 'ready_graphs']),
  /** SHA-256 of the lines `<file> <its SHA-256>` of configs and weights. The same for all variants. */
  modelHash: sha256,
  configs: z.array(fileSchema).min(1).readonly(),
  weights: z.strictObject({ parameters: positive, files: z.array(fileSchema).min(1).readonly() }),
  scoring: z.strictObject({ logitScale: z.number(), logitBias: z.number() }),
  variants: z.strictObject({ fp32: variantSchema, int8: variantSchema.optional() }),
  /** The fp32 graphs under the names of Hugging Face Optimum. */
  huggingFace: z
    .strictObject({ model: graphSchema, vision: graphSchema, text: graphSchema })
    .optional(),
});

/**
 * What a folder was compiled to. `fp32` computes with the checkpoint as it is and is always there; `int8`
 * with most products in 8 bits: faster, less exact.
 */
export type Manifest = Readonly<z.output<typeof manifestSchema>>;
export type ManifestFile = Readonly<z.output<typeof fileSchema>>;
export type ManifestGraph = Readonly<z.output<typeof graphSchema>>;
export type ManifestVariant = Readonly<z.output<typeof variantSchema>>;
export type Variant = keyof Manifest['variants'];

/**
 * What a model is served in where `wanted` is asked for: that, where it was compiled, otherwise fp32.
 * @returns its name and its graphs
 */
export function servedVariant(
  { variants }: Pick<Manifest, 'variants'>,
  wanted: Variant,
): readonly [Variant, ManifestVariant] {
  const graphs = variants[wanted];
  return graphs === undefined ? ['fp32', variants.fp32] : [wanted, graphs];
}

/** @throws AppError BAD_USER_INPUT that names what is wrong with it */
export function parseManifest(json: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', `${MANIFEST_FILE} is not JSON.`, { cause });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError('BAD_USER_INPUT', `${MANIFEST_FILE}: ${describeIssue(parsed.error)}.`);
}
