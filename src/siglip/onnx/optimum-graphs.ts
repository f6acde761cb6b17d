import type { ModelConfig } from '../model-config.js';
import { plainAttention } from './attention.js';
import { GraphBuilder, OPSET_WITH_GELU, type Value } from './graph.js';
import { finish, type Graph, type Model } from './graphs.js';
import { floatLinear, floatProjections, type Kernels, l2Normalize, layerNorm } from './layers.js';
import { textTower, textTowerOf } from './text.js';
import { visionTower } from './vision.js';

/*
 * The graphs under the names that Hugging Face Optimum exports SigLIP with (optimum-onnx,
 * exporters/onnx/model_configs.py: `SiglipOnnxConfig`, `CLIPVisionModelOnnxConfig`, `CLIPTextOnnxConfig`), so
 * that transformers.js and other runtimes load the same weights. Two differences: the sequence length is
 * fixed to the context length, because the feature is the last position and any other length gives a
 * wrong vector; and the activation is the checkpoint's own, where transformers assumes tanh.
 */

/** Operators that every runtime has. */
const PORTABLE: Kernels = {
  linear: floatLinear,
  projections: floatProjections,
  attention: plainAttention,
};

/** `vision_model.onnx`: `pixel_values` → `last_hidden_state`, `pooler_output` (not L2-normalized). */
export function huggingFaceVisionGraph({ config, tensors }: Model): Graph {
  const graph = new GraphBuilder(tensors, OPSET_WITH_GELU);
  const { hidden, pooled } = visionTower(graph, 'pixel_values', config, PORTABLE);
  graph.output(hidden, 'last_hidden_state');
  graph.output(pooled, 'pooler_output');
  return finish(graph, 'vision_model', {
    inputs: [pixelValues(config, 'batch_size')],
    outputs: towerOutputs(config.vision.tokens, config.vision.width, config.embedDim),
  });
}

/** `text_model.onnx`: `input_ids` → `last_hidden_state`, `pooler_output` (not L2-normalized). */
export function huggingFaceTextGraph({ config, tensors }: Model): Graph {
  const graph = new GraphBuilder(tensors, OPSET_WITH_GELU);
  const { text } = config;
  const { hidden, pooled } = textTower(graph, 'input_ids', config, PORTABLE);
  const tower = textTowerOf(graph, config, PORTABLE);
  graph.output(layerNorm(tower, hidden, config.names.text.norm), 'last_hidden_state');
  graph.output(pooled, 'pooler_output');
  return finish(graph, 'text_model', {
    inputs: [inputIds(config, 'batch_size')],
    outputs: towerOutputs(text.contextLength, text.width, config.embedDim),
  });
}

/** `model.onnx`: both towers; `logits_per_image` `[images, texts]` and its transpose, and both embeddings. */
export function huggingFaceGraph({ config, tensors }: Model): Graph {
  const graph = new GraphBuilder(tensors, OPSET_WITH_GELU);
  const image = l2Normalize(graph, visionTower(graph, 'pixel_values', config, PORTABLE).pooled);
  const text = l2Normalize(graph, textTower(graph, 'input_ids', config, PORTABLE).pooled);
  const perText = logits(graph, config, text, image);
  graph.output(graph.node('Transpose', [perText], { perm: { ints: [1, 0] } }), 'logits_per_image');
  graph.output(perText, 'logits_per_text');
  graph.output(text, 'text_embeds');
  graph.output(image, 'image_embeds');
  const images = 'image_batch_size';
  const texts = 'text_batch_size';
  return finish(graph, 'model', {
    inputs: [inputIds(config, texts), pixelValues(config, images)],
    outputs: [
      { name: 'logits_per_image', type: 'float32', shape: [images, texts] },
      { name: 'logits_per_text', type: 'float32', shape: [texts, images] },
      { name: 'text_embeds', type: 'float32', shape: [texts, config.embedDim] },
      { name: 'image_embeds', type: 'float32', shape: [images, config.embedDim] },
    ],
  });
}

/** `exp(logit_scale) · text · imageᵀ + logit_bias`. */
function logits(graph: GraphBuilder, { names }: ModelConfig, text: Value, image: Value): Value {
  const transposed = graph.node('Transpose', [image], { perm: { ints: [1, 0] } });
  const cosines = graph.node('MatMul', [text, transposed]);
  const scale = graph.node('Exp', [graph.weight({ tensor: names.logitScale }, [])]);
  const scaled = graph.node('Mul', [cosines, scale]);
  if (names.logitBias === undefined) return scaled;
  return graph.node('Add', [scaled, graph.weight({ tensor: names.logitBias }, [])]);
}

function pixelValues({ preprocess: { imageSize } }: ModelConfig, batch: string) {
  return {
    name: 'pixel_values',
    type: 'float32',
    shape: [batch, 3, imageSize, imageSize],
  } as const;
}

function inputIds({ text }: ModelConfig, batch: string) {
  return { name: 'input_ids', type: 'int64', shape: [batch, text.contextLength] } as const;
}

function towerOutputs(tokens: number, width: number, embedDim: number) {
  return [
    { name: 'last_hidden_state', type: 'float32', shape: ['batch_size', tokens, width] },
    { name: 'pooler_output', type: 'float32', shape: ['batch_size', embedDim] },
  ] as const;
}
