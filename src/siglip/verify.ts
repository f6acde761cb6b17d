import path from 'node:path';
import { checkGolden, distance, type EmbedRow, type GraphInput, mismatch } from './golden.js';
import {
  type ManifestFile,
  type ManifestVariant,
  servedVariant,
  type Variant,
} from './manifest.js';
import { type CompiledModel, openModel } from './compiled-model.js';
import { readReference, type Reference } from './backing.js';
import { hashOf } from './hash-file.js';
import { Tokenizer } from './tokenizer.js';

/** Loads the ONNX file and runs it once: its one input, its one output. */
export type RunGraph = (
  file: string,
  input: GraphInput,
) => Promise<{ readonly data: Float32Array }>;

export interface VerifyCheck {
  readonly name: 'files' | 'self-test' | 'golden' | 'self-reference' | 'reference';
  /** False where nothing says that the scores are right. What is wrong is thrown. */
  readonly met: boolean;
  readonly outcome: string;
}

/** The most that a row may differ from itself in another batch, relative (L2). */
const BATCH_ERROR_MAX = 1e-5;

/**
 * Checks a compiled model thoroughly: every file against its hash, that the graphs run and treat each row
 * alike, and that they give what the reference gives (`backing.ts`), int8 nearly.
 *
 * @throws AppError BAD_USER_INPUT that says what differs; NOT_FOUND when the folder is not compiled
 */
export async function verify(folder: string, run: RunGraph): Promise<VerifyCheck[]> {
  const model = await openModel(folder);
  const checks = [await verifyFiles(model), await selfTest(model, run)];
  const reference = await readReference(model);
  return [
    ...checks,
    reference === undefined ? UNBACKED : await verifyScores(model, reference, run),
  ];
}

const UNBACKED: VerifyCheck = {
  name: 'reference',
  met: false,
  outcome:
    'Nothing says that its scores are right. Put golden.json of the reference implementation beside its files, or compute this project’s own reference: gigarouter models reference <model>',
};

/** All that were compiled. */
function compiledVariants(model: CompiledModel): ReadonlyMap<Variant, ManifestVariant> {
  return new Map((['fp32', 'int8'] as const).map((variant) => servedVariant(model, variant)));
}

async function verifyFiles(model: CompiledModel): Promise<VerifyCheck> {
  const { folder, weights } = model;
  const files: ManifestFile[] = [...weights.files];
  for (const { image, text, data } of compiledVariants(model).values()) {
    files.push(image, text, ...(data ? [data] : []));
  }
  let bytes = 0;
  for (const file of files) {
    if ((await hashOf(path.join(folder, file.file))) !== file.sha256) {
      throw mismatch(`${file.file} is not what was compiled: its SHA-256 differs`);
    }
    bytes += file.bytes;
  }
  const amount = `${String(files.length)} files, ${(bytes / 1e6).toFixed(1)} MB`;
  return { name: 'files', met: true, outcome: `${amount}, as compiled` };
}

async function selfTest(model: CompiledModel, run: RunGraph): Promise<VerifyCheck> {
  const all = compiledVariants(model);
  for (const [name, variant] of all) {
    await testRows(`${name} image`, model, variant, 'image', run);
    await testRows(`${name} text`, model, variant, 'text', run);
  }
  return {
    name: 'self-test',
    met: true,
    outcome: `${[...all.keys()].join(', ')}: finite, of length 1`,
  };
}

/** Two different rows, together and alone: all finite, of length 1, and the same where rows do not mix. */
async function testRows(
  name: string,
  model: CompiledModel,
  variant: ManifestVariant,
  tower: 'image' | 'text',
  run: RunGraph,
): Promise<void> {
  const file = path.join(model.folder, variant[tower].file);
  const rows = [exampleRow(model, tower, 1), exampleRow(model, tower, 2)] as const;
  const embed = async (which: readonly GraphInput[]) => (await run(file, stack(which))).data;
  const alone = [await embed([rows[0]]), await embed([rows[1]])] as const;
  const length = variant[tower].outputs[0]?.shape[1];
  for (const embedding of alone) {
    if (embedding.length !== length) {
      throw mismatch(
        `${name}: an embedding has ${String(embedding.length)} numbers, not ${String(length)}`,
      );
    }
    const norm = Math.hypot(...embedding);
    if (!(Math.abs(norm - 1) < 1e-4)) {
      throw mismatch(`${name}: an embedding has length ${String(norm)}, not 1`);
    }
  }
  if (!variant.rowsAreIndependent) return;
  const together = await embed(rows);
  const error = distance(together, [...alone[0], ...alone[1]]);
  if (!(error <= BATCH_ERROR_MAX)) {
    throw mismatch(
      `${name}: a row in a batch differs from itself alone by ${error.toExponential(1)}`,
    );
  }
}

async function verifyScores(
  model: CompiledModel,
  { backing, golden }: Reference,
  run: RunGraph,
): Promise<VerifyCheck> {
  const tokenizer = await Tokenizer.open(model.folder, model.config);
  const outcomes: string[] = [];
  for (const [variant, graphs] of compiledVariants(model)) {
    const embed: EmbedRow = async (tower, input) =>
      (await run(path.join(model.folder, graphs[tower].file), input)).data;
    outcomes.push(await checkGolden({ ...model, variant, tokenizer }, golden, embed));
  }
  const outcome = outcomes.join('; ');
  return backing === 'golden'
    ? { name: 'golden', met: true, outcome }
    : {
        name: 'self-reference',
        met: true,
        outcome: `${outcome}; by this project’s own reference alone: unverified`,
      };
}

/** Pixels or ids that differ with the seed. */
function exampleRow({ config }: CompiledModel, tower: 'image' | 'text', seed: number): GraphInput {
  if (tower === 'image') {
    const side = config.preprocess.imageSize;
    const data = Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * 31 * seed) % 256);
    return { type: 'uint8', shape: [1, side, side, 3], data };
  }
  const { contextLength, vocabSize } = config.text;
  const ids = Array.from({ length: contextLength }, (_, at) => BigInt((at * seed + 1) % vocabSize));
  return { type: 'int64', shape: [1, contextLength], data: BigInt64Array.from(ids) };
}

function stack(rows: readonly GraphInput[]): GraphInput {
  const [first] = rows;
  if (first === undefined) throw new RangeError('There are no rows.');
  const shape = [rows.length, ...first.shape.slice(1)];
  const data =
    first.data instanceof Uint8Array
      ? Uint8Array.from(rows.flatMap((row) => Array.from(row.data as Uint8Array)))
      : BigInt64Array.from(rows.flatMap((row) => Array.from(row.data as BigInt64Array)));
  return { type: first.type, shape, data };
}
