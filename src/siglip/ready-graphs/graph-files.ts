import { AppError } from '../../errors.js';

/** Where Optimum and transformers.js put graphs. */
export const GRAPHS_FOLDER = 'onnx';

/** Graphs of both towers in one precision. Names as in the repository, `onnx/…`. */
export interface GraphSet {
  /** The same file where one holds both towers. */
  readonly image: string;
  readonly text: string;
  /** All, with the files that hold their data. */
  readonly files: readonly string[];
}

/** Which of a repository's graphs are used. */
export interface GraphFiles {
  /** What is served as `fp32`. */
  readonly base: GraphSet;
  /** What is served as `int8`. */
  readonly int8: GraphSet | undefined;
  /** A graph that computes scores, of any precision: their scale is read from it. */
  readonly scores: string | undefined;
}

const FULL = ['', '_fp16'];
const EIGHT_BITS = ['_quantized', '_int8', '_uint8'];

/**
 * The most precise graphs of a repository, and those of eight bits. One file with both towers goes before two: it
 * says how scores are scaled, too.
 *
 * @returns undefined where there are none of both towers
 */
export function findGraphs(names: ReadonlySet<string>): GraphFiles | undefined {
  const setsOf = (suffixes: readonly string[]) =>
    suffixes.map((suffix) => setOf(names, suffix)).find((set) => set !== undefined);
  const int8 = setsOf(EIGHT_BITS);
  const base = setsOf(FULL) ?? int8;
  if (base === undefined) return undefined;
  const models = [...FULL, ...EIGHT_BITS].map((suffix) => graphName('model', suffix));
  const scores = [base.image, ...models.reverse()].find((name) => isWhole(name) && names.has(name));
  return { base, int8, scores };
}

/** Files to be had: of all that is served, and the one that says how scores are scaled. */
export function graphFilesOf(
  names: ReadonlySet<string>,
  { base, int8, scores }: GraphFiles,
  withInt8: boolean,
): string[] {
  if (withInt8 && int8 === undefined) throw noInt8();
  const files = [...base.files, ...(withInt8 ? (int8?.files ?? []) : [])];
  return [...new Set([...files, ...(scores === undefined ? [] : withData(names, scores))])];
}

/** @throws AppError BAD_USER_INPUT where nothing says how scores are scaled */
export function checkScale({ scores }: GraphFiles, isStated: boolean): void {
  if (scores !== undefined || isStated) return;
  throw new AppError(
    'BAD_USER_INPUT',
    'No graph says how scores are scaled: there is no onnx/model.onnx. State it, from the model’s card: --logit-scale 100, for example, and --logit-bias for a model that was trained with sigmoid.',
  );
}

export function noInt8(): AppError {
  return new AppError(
    'BAD_USER_INPUT',
    `There are no graphs of eight bits (${EIGHT_BITS.map((suffix) => graphName('model', suffix)).join(', ')}): leave --int8 out.`,
  );
}

function setOf(names: ReadonlySet<string>, suffix: string): GraphSet | undefined {
  const both = graphName('model', suffix);
  const [image, text] = names.has(both)
    ? [both, both]
    : [graphName('vision_model', suffix), graphName('text_model', suffix)];
  if (!names.has(image) || !names.has(text)) return undefined;
  const files = new Set([image, text].flatMap((name) => withData(names, name)));
  return { image, text, files: [...files] };
}

const graphName = (name: string, suffix: string) => `${GRAPHS_FOLDER}/${name}${suffix}.onnx`;

const isWhole = (name: string) => name.startsWith(`${GRAPHS_FOLDER}/model`);

/** A graph above 2 GB has its data beside it: `model.onnx_data`, `model.onnx_data_1`, …, or `model.onnx.data`. */
function withData(names: ReadonlySet<string>, graph: string): string[] {
  const data = [...names].filter(
    (name) => name.startsWith(graph) && /^[._]data(?:_\d{1,3})?$/.test(name.slice(graph.length)),
  );
  return [graph, ...data.sort()];
}
