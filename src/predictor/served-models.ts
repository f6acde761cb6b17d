import path from 'node:path';
import { AppError } from '../errors.js';
import {
  type CompiledModel,
  listModelFolders,
  type ManifestGraph,
  type ManifestVariant,
  modelFolder,
  openModel,
  servedVariant,
  type Variant,
} from '../siglip/index.js';
import type { Executor } from './executor.js';
import { graphName } from './graph-name.js';
import type { Int8Kernels } from './int8-kernels.js';
import {
  arrayOf,
  DATATYPES,
  elementBytes,
  rowCount,
  type Tensor,
  type TensorSpec,
} from './tensor.js';

/** A graph as it is served: one input and one output, whose first dimension is the batch. */
export interface ServedGraph {
  readonly name: string;
  readonly modelHash: string;
  readonly input: TensorSpec;
  readonly output: TensorSpec;
  readonly rowsAreIndependent: boolean;
  /** Ids of a text are below this; undefined for images. */
  readonly vocabularySize: number | undefined;
}

/** The graphs of the models that lie, compiled, in a folder. */
export class ServedModels {
  private readonly graphs = new Map<string, ServedGraph>();

  /** @param wanted variants of each model; one that has none of them is served in fp32 */
  constructor(
    private readonly root: string,
    private readonly wanted: readonly Variant[],
    private readonly executor: Executor,
  ) {}

  /**
   * Loads every model and runs each graph once, so that the first caller does not wait for that. A variant that
   * cannot be loaded is left out; other variants and other models are served.
   */
  async loadAll(tell: {
    onLoaded: (slug: string, variant: Variant, int8Kernels: Int8Kernels | undefined) => void;
    onBroken: (slug: string, variant: Variant | undefined, error: unknown) => void;
  }): Promise<void> {
    for (const slug of await listModelFolders(this.root)) {
      try {
        const model = await openModel(modelFolder(this.root, slug));
        // A map, as several may come to the same one.
        const served = new Map(this.wanted.map((wanted) => servedVariant(model, wanted)));
        for (const [name, graphs] of served) {
          try {
            tell.onLoaded(slug, name, await this.load(slug, model, name, graphs));
          } catch (error) {
            tell.onBroken(slug, name, error);
          }
        }
      } catch (error) {
        tell.onBroken(slug, undefined, error);
      }
    }
  }

  /** Serves both towers, or neither. @throws Error when one cannot be loaded or run */
  private async load(
    slug: string,
    { folder, modelHash, config }: CompiledModel,
    variant: Variant,
    graphs: ManifestVariant,
  ): Promise<Int8Kernels | undefined> {
    const loaded: ServedGraph[] = [];
    let int8Kernels: Int8Kernels | undefined;
    for (const tower of ['image', 'text'] as const) {
      const { file, inputs, outputs } = graphs[tower];
      const input = onlySpec(file, inputs);
      const graph: ServedGraph = {
        name: graphName(slug, variant, tower),
        modelHash,
        input,
        output: onlySpec(file, outputs),
        rowsAreIndependent: graphs.rowsAreIndependent,
        vocabularySize: tower === 'text' ? config.text.vocabSize : undefined,
      };
      int8Kernels = await this.executor.load(graph.name, path.join(folder, file));
      await this.executor.run(graph.name, zeros(input));
      loaded.push(graph);
    }
    for (const graph of loaded) this.graphs.set(graph.name, graph);
    return int8Kernels;
  }

  list(): readonly ServedGraph[] {
    return [...this.graphs.values()];
  }

  /** @throws AppError NOT_FOUND */
  get(name: string): ServedGraph {
    const graph = this.graphs.get(name);
    if (graph === undefined) {
      throw new AppError('NOT_FOUND', 'Model not found. /v2/repository/index lists all models.');
    }
    return graph;
  }
}

/**
 * Refuses what ONNX Runtime would fail on, or run for ever: then a run that fails is our own fault.
 * @throws AppError BAD_REQUEST that says what the graph takes
 */
export function checkInput(
  { input, vocabularySize }: ServedGraph,
  tensor: Tensor,
  rowsMax: number,
): void {
  const wanted = `${input.name}: ${input.type} [${input.shape.join(', ')}]`;
  const fits =
    tensor.type === input.type &&
    tensor.shape.length === input.shape.length &&
    input.shape.every((size, at) => typeof size === 'string' || size === tensor.shape[at]);
  if (!fits) throw new AppError('BAD_REQUEST', `Expected ${wanted}.`);
  const rows = rowCount(tensor);
  if (rows < 1 || rows > rowsMax) {
    throw new AppError(
      'BAD_REQUEST',
      `Expected 1 to ${String(rowsMax)} rows (got ${String(rows)}).`,
    );
  }
  if (vocabularySize === undefined || !(tensor.data instanceof BigInt64Array)) return;
  const limit = BigInt(vocabularySize);
  if (tensor.data.some((id) => id < 0n || id >= limit)) {
    throw new AppError(
      'BAD_REQUEST',
      `Token IDs must be between 0 and ${String(vocabularySize - 1)}.`,
    );
  }
}

function onlySpec(file: string, values: ManifestGraph['inputs']): TensorSpec {
  const [value] = values;
  if (value === undefined || values.length !== 1 || !(value.type in DATATYPES)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${file} does not take and give one tensor that is served.`,
    );
  }
  return value as TensorSpec;
}

/** One row: black pixels, or the first id. */
function zeros({ type, shape }: TensorSpec): Tensor {
  const sizes = shape.map((size) => (typeof size === 'number' ? size : 1));
  const elements = sizes.reduce((product, size) => product * size, 1);
  return { type, shape: sizes, data: arrayOf(type, new Uint8Array(elements * elementBytes(type))) };
}
