import { z } from 'zod';
import type { Activation, ModelConfig, TowerConfig } from '../config.js';
import { linear, packedProjections, type TensorNames, whole } from '../names.js';
import {
  checkEqual,
  checkHeads,
  depth,
  heads,
  only,
  parseJson,
  patchCount,
  readAs,
  SettingFault,
  size,
  square,
} from './config-values.js';
import { parsePreprocessor, PREPROCESSOR_CONFIG } from './hugging-face-pixels.js';

export const HUGGING_FACE_CONFIG = 'config.json';
export const TOKENIZER_CONFIG = 'tokenizer_config.json';

/*
 * SigLIP and SigLIP 2 of fixed size, as transformers stores both: `model_type` "siglip". What `config.json` leaves out
 * has the defaults of `SiglipTextConfig` and `SiglipVisionConfig` (configuration_siglip.py, 5.18). Keys that no line
 * here names do not change what `SiglipModel` computes.
 */

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_pytorch_tanh: 'gelu_tanh',
  quick_gelu: 'quick_gelu',
};

const towerShape = {
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_hidden_layers: depth.default(12),
  num_attention_heads: heads.default(12),
  hidden_act: only('gelu_pytorch_tanh', 'gelu', 'quick_gelu').default('gelu_pytorch_tanh'),
  layer_norm_eps: z.number().min(0).max(1).default(1e-6),
};

const textSchema = z.looseObject({
  ...towerShape,
  vocab_size: z
    .int()
    .min(1)
    .max(2 ** 20)
    .default(32_000),
  max_position_embeddings: z.int().min(1).max(4096).default(64),
  projection_size: size.nullish(),
});

const visionSchema = z.looseObject({
  ...towerShape,
  num_channels: only(3).default(3),
  image_size: square.default(224),
  patch_size: z.int().min(1).max(1024).default(16),
  vision_use_head: only(true).default(true),
});

const configSchema = z.looseObject({
  model_type: only('siglip'),
  text_config: textSchema.nullish().transform((value) => value ?? textSchema.parse({})),
  vision_config: visionSchema.nullish().transform((value) => value ?? visionSchema.parse({})),
});

const tokenizerConfigSchema = z.looseObject({ tokenizer_class: z.string().max(100).nullish() });

/** SigLIP's own tokenizer is SentencePiece alone; SigLIP 2 has Gemma's. */
const SENTENCEPIECE_CLASSES = [
  'SiglipTokenizer',
  'SiglipTokenizerFast',
  'T5Tokenizer',
  'T5TokenizerFast',
];

const SIGLIP_NAMES: TensorNames = {
  logitScale: 'logit_scale',
  logitBias: 'logit_bias',
  // Constants 0, 1, 2, …, which old versions of transformers stored.
  ignored: [/^(text|vision)_model\.embeddings\.position_ids$/],
  vision: {
    patches: linear('vision_model.embeddings.patch_embedding'),
    positions: whole('vision_model.embeddings.position_embedding.weight'),
    blocks: blocksOf('vision_model'),
    norm: 'vision_model.post_layernorm',
    pool: {
      probe: whole('vision_model.head.probe', 2),
      ...packedProjections(
        'vision_model.head.attention.in_proj_weight',
        'vision_model.head.attention.in_proj_bias',
      ),
      out: linear('vision_model.head.attention.out_proj'),
      norm: 'vision_model.head.layernorm',
      mlpUp: linear('vision_model.head.mlp.fc1'),
      mlpDown: linear('vision_model.head.mlp.fc2'),
    },
  },
  text: {
    tokens: whole('text_model.embeddings.token_embedding.weight'),
    positions: whole('text_model.embeddings.position_embedding.weight'),
    blocks: blocksOf('text_model'),
    norm: 'text_model.final_layer_norm',
    projection: linear('text_model.head'),
  },
};

function blocksOf(tower: string): TensorNames['vision']['blocks'] {
  return {
    prefix: `${tower}.encoder.layers.`,
    of: (block) => ({
      norm1: `${block}layer_norm1`,
      query: linear(`${block}self_attn.q_proj`),
      key: linear(`${block}self_attn.k_proj`),
      value: linear(`${block}self_attn.v_proj`),
      attentionOut: linear(`${block}self_attn.out_proj`),
      norm2: `${block}layer_norm2`,
      mlpUp: linear(`${block}mlp.fc1`),
      mlpDown: linear(`${block}mlp.fc2`),
    }),
  };
}

/** @param files texts by name: `config.json`, `preprocessor_config.json`, and `tokenizer_config.json` if there is one */
export function parseHuggingFace(files: ReadonlyMap<string, string>): ModelConfig {
  const preprocess = parsePreprocessor(files);
  const isSentencePiece = usesSentencePiece(files.get(TOKENIZER_CONFIG));
  return readAs(HUGGING_FACE_CONFIG, () => {
    const config = parseJson(files.get(HUGGING_FACE_CONFIG) ?? '', configSchema);
    const { text_config: text, vision_config: vision } = config;
    const embedDim = vision.hidden_size;
    checkEqual(
      'text_config.projection_size',
      text.projection_size ?? text.hidden_size,
      'vision_config.hidden_size',
      embedDim,
    );
    checkEqual(
      `vision_config.image_size`,
      vision.image_size,
      `the size of ${PREPROCESSOR_CONFIG}`,
      preprocess.imageSize,
    );
    return {
      embedDim,
      vision: {
        ...towerConfig('vision_config', vision),
        imageSize: vision.image_size,
        patchSize: vision.patch_size,
        tokens: patchCount(vision.image_size, vision.patch_size),
        pooling: 'map',
      },
      text: {
        ...towerConfig('text_config', text),
        contextLength: text.max_position_embeddings,
        vocabSize: text.vocab_size,
        causal: false,
        pooling: 'last',
      },
      preprocess,
      textCleaning: isSentencePiece ? 'siglip' : 'lower',
      tokenizer: isSentencePiece ? 'spiece.model' : 'tokenizer.json',
      loss: 'sigmoid',
      names: SIGLIP_NAMES,
    };
  });
}

function usesSentencePiece(json: string | undefined): boolean {
  if (json === undefined) return true;
  const { tokenizer_class: name } = readAs(TOKENIZER_CONFIG, () =>
    parseJson(json, tokenizerConfigSchema),
  );
  return name === undefined || name === null || SENTENCEPIECE_CLASSES.includes(name);
}

function towerConfig(
  where: string,
  config: z.output<typeof visionSchema> | z.output<typeof textSchema>,
): TowerConfig {
  checkHeads(where, config.hidden_size, config.num_attention_heads);
  const activation = ACTIVATIONS[config.hidden_act];
  if (activation === undefined) throw new SettingFault(`${config.hidden_act} is unknown`);
  return {
    width: config.hidden_size,
    depth: config.num_hidden_layers,
    heads: config.num_attention_heads,
    mlpWidth: config.intermediate_size,
    layerNormEpsilon: config.layer_norm_eps,
    activation,
  };
}
