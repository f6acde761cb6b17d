import { z } from 'zod';
import type { ModelConfig } from '../model-config.js';
import { linear, packedProjections, type TensorNames, whole } from '../names.js';
import { checkEqual, only, parseJson, patchCount, readAs, size, square } from './config-values.js';
import {
  blocksOf,
  HUGGING_FACE_CONFIG,
  POSITION_IDS,
  TOKENIZER_CONFIG,
  towerConfig,
  towerShape,
} from './hugging-face-parts.js';
import { parsePreprocessor, PREPROCESSOR_CONFIG } from './hugging-face-pixels.js';

/*
 * SigLIP and SigLIP 2 of fixed size, as transformers stores both. What `config.json` leaves out
 * has the defaults of `SiglipTextConfig` and `SiglipVisionConfig` (configuration_siglip.py, 5.18). Keys that no line
 * here names do not change what `SiglipModel` computes.
 */

const tower = towerShape({
  width: 768,
  mlpWidth: 3072,
  depth: 12,
  heads: 12,
  activation: 'gelu_pytorch_tanh',
  epsilon: 1e-6,
});

const textSchema = z.looseObject({
  ...tower,
  vocab_size: z
    .int()
    .min(1)
    .max(2 ** 20)
    .default(32_000),
  max_position_embeddings: z.int().min(1).max(4096).default(64),
  projection_size: size.nullish(),
});

const visionSchema = z.looseObject({
  ...tower,
  num_channels: only(3).default(3),
  image_size: square.default(224),
  patch_size: z.int().min(1).max(1024).default(16),
  vision_use_head: only(true).default(true),
});

const configSchema = z.looseObject({
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

const NAMES: TensorNames = {
  logitScale: 'logit_scale',
  logitBias: 'logit_bias',
  ignored: [POSITION_IDS],
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

/**
 * @param files texts by name: `config.json`, `preprocessor_config.json`, and `tokenizer_config.json` if there is one
 * @throws AppError BAD_USER_INPUT that names file and setting
 */
export function parseHuggingFaceSiglip(files: ReadonlyMap<string, string>): ModelConfig {
  const preprocess = parsePreprocessor(files, 'siglip');
  const isSentencePiece = usesSentencePiece(files.get(TOKENIZER_CONFIG));
  return readAs(HUGGING_FACE_CONFIG, () => {
    const config = parseJson(files.get(HUGGING_FACE_CONFIG) ?? '', configSchema);
    const { text_config: text, vision_config: vision } = config;
    const { image_size: imageSize, hidden_size: embedDim } = vision;
    const projected = text.projection_size ?? text.hidden_size;
    checkEqual('text_config.projection_size', projected, 'vision_config.hidden_size', embedDim);
    const pixels = preprocess.imageSize;
    checkEqual('vision_config.image_size', imageSize, `the size of ${PREPROCESSOR_CONFIG}`, pixels);
    return {
      embedDim,
      vision: {
        ...towerConfig('vision_config', vision),
        imageSize,
        patchSize: vision.patch_size,
        tokens: patchCount(imageSize, vision.patch_size),
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
      names: NAMES,
    };
  });
}

/** @param json text of `tokenizer_config.json` @throws AppError BAD_USER_INPUT */
export function usesSentencePiece(json: string | undefined): boolean {
  if (json === undefined) return true;
  const { tokenizer_class: name } = readAs(TOKENIZER_CONFIG, () =>
    parseJson(json, tokenizerConfigSchema),
  );
  return name === undefined || name === null || SENTENCEPIECE_CLASSES.includes(name);
}
