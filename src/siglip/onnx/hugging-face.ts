import { TEXT_PREFIX } from '../architecture.js';
import type { SiglipConfig } from '../config.js';
import { plainAttention } from './attention.js';
import { GraphBuilder, OPSET_WITH_GELU, type Value } from './graph.js';
import { finish, type Graph, type Model } from './graphs.js';
import { floatLinear, floatProjections, type Kernels, l2Normalize, layerNorm } from './layers.js';
import { textTower } from './text.js';
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

/** `vision_model.onnx`: `pixel_values` → `last_hidden_state`, `pooler_output` (not L2-normalised). */
export function huggingFaceVisionGraph({ config, source }: Model): Graph {
  const graph = new GraphBuilder(source, OPSET_WITH_GELU);
  const { hidden, pooled } = visionTower(graph, 'pixel_values', config, PORTABLE);
  graph.output(hidden, 'last_hidden_state');
  graph.output(pooled, 'pooler_output');
  return finish(graph, 'vision_model', {
    inputs: [pixelValues(config, 'batch_size')],
    outputs: towerOutputs(config.vision.tokens, config.vision.width, config.embedDim),
  });
}

/** `text_model.onnx`: `input_ids` → `last_hidden_state`, `pooler_output` (not L2-normalised). */
export function huggingFaceTextGraph({ config, source }: Model): Graph {
  const graph = new GraphBuilder(source, OPSET_WITH_GELU);
  const { text } = config;
  const { hidden, pooled } = textTower(graph, 'input_ids', config, PORTABLE);
  const tower = { graph, config: text, tokens: text.contextLength, ...PORTABLE };
  graph.output(layerNorm(tower, hidden, `${TEXT_PREFIX}ln_final`), 'last_hidden_state');
  graph.output(pooled, 'pooler_output');
  return finish(graph, 'text_model', {
    inputs: [inputIds(config, 'batch_size')],
    outputs: towerOutputs(text.contextLength, text.width, config.embedDim),
  });
}

/** `model.onnx`: both towers; `logits_per_image` `[images, texts]` and its transpose, and both embeddings. */
export function huggingFaceGraph({ config, source }: Model): Graph {
  const graph = new GraphBuilder(source, OPSET_WITH_GELU);
  const image = l2Normalize(graph, visionTower(graph, 'pixel_values', config, PORTABLE).pooled);
  const text = l2Normalize(graph, textTower(graph, 'input_ids', config, PORTABLE).pooled);
  const perText = logits(graph, text, image);
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
function logits(graph: GraphBuilder, text: Value, image: Value): Value {
  const transposed = graph.node('Transpose', [image], { perm: { ints: [1, 0] } });
  const cosines = graph.node('MatMul', [text, transposed]);
  const scale = graph.node('Exp', [graph.weight('logit_scale', [])]);
  return graph.node('Add', [graph.node('Mul', [cosines, scale]), graph.weight('logit_bias', [])]);
}

function pixelValues({ preprocess: { imageSize } }: SiglipConfig, batch: string) {
  return {
    name: 'pixel_values',
    type: 'float32',
    shape: [batch, 3, imageSize, imageSize],
  } as const;
}

function inputIds({ text }: SiglipConfig, batch: string) {
  return { name: 'input_ids', type: 'int64', shape: [batch, text.contextLength] } as const;
}

function towerOutputs(tokens: number, width: number, embedDim: number) {
  return [
    { name: 'last_hidden_state', type: 'float32', shape: ['batch_size', tokens, width] },
    { name: 'pooler_output', type: 'float32', shape: ['batch_size', embedDim] },
  ] as const;
}
