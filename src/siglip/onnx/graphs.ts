import type { ModelConfig } from '../model-config.js';
import { GraphBuilder, OPSET_WITH_ATTENTION, type WeightSource } from './graph.js';
import { type Kernels, l2Normalize } from './layers.js';
import type { ValueInfo } from './proto.js';
import { textFeature } from './text.js';
import { normalizePixels, visionTower } from './vision.js';

/** An ONNX file and its face. The first dimension of every value is the batch, of any size. */
export interface Graph {
  readonly onnx: Uint8Array;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** What every graph is built from. */
export interface Model {
  readonly config: ModelConfig;
  readonly tensors: WeightSource;
}

const BATCH = 'batch';

/**
 * `pixel_values`, uint8 `[n, S, S, 3]`: red, green, blue as they come from the resize →
 * `image_embeds`, float32 `[n, embedDim]`, each of length 1.
 */
export function imageGraph({ config, tensors }: Model, kernels: Kernels): Graph {
  const graph = new GraphBuilder(tensors, OPSET_WITH_ATTENTION);
  const size = config.preprocess.imageSize;
  const pixels = normalizePixels(graph, 'pixel_values', config);
  const { pooled } = visionTower(graph, pixels, config, kernels);
  graph.output(l2Normalize(graph, pooled), 'image_embeds');
  return finish(graph, 'image', {
    inputs: [{ name: 'pixel_values', type: 'uint8', shape: [BATCH, size, size, 3] }],
    outputs: [{ name: 'image_embeds', type: 'float32', shape: [BATCH, config.embedDim] }],
  });
}

/**
 * `input_ids`, int64 `[n, contextLength]`, padded and cut to that length → `text_embeds`, float32
 * `[n, embedDim]`, each of length 1.
 */
export function textGraph({ config, tensors }: Model, kernels: Kernels): Graph {
  const graph = new GraphBuilder(tensors, OPSET_WITH_ATTENTION);
  const feature = textFeature(graph, 'input_ids', config, kernels);
  graph.output(l2Normalize(graph, feature), 'text_embeds');
  return finish(graph, 'text', {
    inputs: [{ name: 'input_ids', type: 'int64', shape: [BATCH, config.text.contextLength] }],
    outputs: [{ name: 'text_embeds', type: 'float32', shape: [BATCH, config.embedDim] }],
  });
}

/** Ends a graph whose outputs were named with {@link GraphBuilder.output}. */
export function finish(
  graph: GraphBuilder,
  name: string,
  face: Pick<Graph, 'inputs' | 'outputs'>,
): Graph {
  return { ...face, onnx: graph.finish(name, face.inputs, face.outputs) };
}
