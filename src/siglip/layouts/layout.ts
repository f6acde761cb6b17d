import { AppError } from '../../errors.js';
import type { ModelConfig, ServedConfig } from '../model-config.js';
import { findGraphs, type GraphFiles } from '../ready-graphs/graph-files.js';
import { parseHuggingFace } from './hugging-face.js';
import { HUGGING_FACE_CONFIG, TOKENIZER_CONFIG } from './hugging-face-parts.js';
import { PREPROCESSOR_CONFIG } from './hugging-face-pixels.js';
import { OPEN_CLIP_CONFIG, parseOpenClip } from './open-clip.js';
import { parseReadyGraphs } from './ready-graphs.js';
import { refusalOfFiles } from './refusals.js';

/** A way in which models are published: which files, and how they are read. */
export interface Layout {
  readonly id: LayoutId;
  readonly title: string;
  /** What the model computes follows from these, and its hash covers them. */
  readonly configFiles: {
    readonly required: readonly string[];
    readonly optional: readonly string[];
  };
  /** @throws AppError BAD_USER_INPUT that names file and setting */
  readonly read: (files: ReadonlyMap<string, string>) => ServedConfig;
}

/** Of checkpoints, which graphs are written for. */
export interface CheckpointLayout extends Layout {
  /**
   * The first of them that is there holds the weights, or (`.index.json`) names the files that do, or is the first of
   * several that count themselves.
   */
  readonly weightFiles: readonly (string | RegExp)[];
  /** @throws AppError BAD_USER_INPUT that names file and setting */
  readonly read: (files: ReadonlyMap<string, string>) => ModelConfig;
}

export type LayoutId = 'open_clip' | 'hugging_face' | 'ready_graphs';

const FIRST_SHARD = /^(?:pytorch_)?model-00001-of-\d{5}\.safetensors$/;

const LAYOUTS: readonly CheckpointLayout[] = [
  {
    id: 'open_clip',
    title: 'OpenCLIP',
    configFiles: { required: [OPEN_CLIP_CONFIG], optional: [] },
    // In the order of open_clip/factory.py.
    weightFiles: ['open_clip_model.safetensors', 'open_clip_pytorch_model.safetensors'],
    read: (files) => parseOpenClip(files.get(OPEN_CLIP_CONFIG) ?? ''),
  },
  {
    id: 'hugging_face',
    title: 'Hugging Face',
    configFiles: {
      required: [HUGGING_FACE_CONFIG, PREPROCESSOR_CONFIG],
      optional: [TOKENIZER_CONFIG],
    },
    // Without an index, or with one of another name, the files themselves say how many they are.
    weightFiles: ['model.safetensors', 'model.safetensors.index.json', FIRST_SHARD],
    read: parseHuggingFace,
  },
];

const READY_GRAPHS: Layout = {
  id: 'ready_graphs',
  title: 'ready-made ONNX',
  configFiles: {
    required: [HUGGING_FACE_CONFIG, PREPROCESSOR_CONFIG],
    optional: [TOKENIZER_CONFIG],
  },
  read: parseReadyGraphs,
};

export function layoutOf(id: LayoutId): Layout {
  const layout = [...LAYOUTS, READY_GRAPHS].find((one) => one.id === id);
  if (layout === undefined) throw new RangeError(`There is no layout ${id}.`);
  return layout;
}

/** Which layout some files are in, and the one that holds the weights or names those that do. */
export interface FoundCheckpoint {
  readonly layout: CheckpointLayout;
  readonly weights: string;
}

/** Graphs that are there already. */
export interface FoundGraphs {
  readonly layout: Layout;
  readonly graphs: GraphFiles;
}

export type FoundLayout = FoundCheckpoint | FoundGraphs;

/**
 * The layout of a folder or a repository, `owner/name`, by the names of its files. Where several fit, the first of
 * {@link LAYOUTS}; ready-made graphs last, as weights are more than a graph of them.
 *
 * @throws AppError BAD_USER_INPUT that says what is missing
 */
export function findLayout(names: ReadonlySet<string>, repository = 'The folder'): FoundLayout {
  let closest: AppError | undefined;
  for (const layout of LAYOUTS) {
    const missing = layout.configFiles.required.filter((name) => !names.has(name));
    const weights = firstOf(layout.weightFiles, names);
    if (missing.length === 0 && weights !== undefined) return { layout, weights };
    if (missing.length === layout.configFiles.required.length && weights === undefined) continue;
    closest ??= incomplete(layout, [
      ...missing,
      ...(weights === undefined ? [String(layout.weightFiles[0])] : []),
    ]);
  }
  const graphs = findGraphs(names);
  const missing = READY_GRAPHS.configFiles.required.find((name) => !names.has(name));
  if (graphs !== undefined && missing === undefined) return { layout: READY_GRAPHS, graphs };
  if (graphs !== undefined) throw incomplete(READY_GRAPHS, [missing ?? '']);
  throw (
    refusalOfFiles(repository, names) ??
    closest ??
    new AppError(
      'BAD_USER_INPUT',
      `There is no file ${OPEN_CLIP_CONFIG}, and none of ${HUGGING_FACE_CONFIG}: this is no checkpoint of OpenCLIP’s or Hugging Face’s layout.`,
    )
  );
}

function firstOf(
  wanted: readonly (string | RegExp)[],
  names: ReadonlySet<string>,
): string | undefined {
  for (const one of wanted) {
    const found =
      typeof one === 'string' ? names.has(one) && one : [...names].find((name) => one.test(name));
    if (found) return found;
  }
  return undefined;
}

function incomplete({ title }: Layout, [missing = '']: readonly string[]): AppError {
  return new AppError(
    'BAD_USER_INPUT',
    `There is no file ${missing}, which the ${title} layout has.`,
  );
}
