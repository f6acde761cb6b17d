import { z } from 'zod';
import type { ModelConfig } from '../model-config.js';
import { type LinearNames, type TensorNames, whole } from '../names.js';
import {
  checkEqual,
  only,
  parseJson,
  patchCount,
  readAs,
  SettingFault,
  size,
  square,
  textSizes,
} from './config-values.js';
import {
  blocksOf,
  HUGGING_FACE_CONFIG,
  POSITION_IDS,
  towerConfig,
  towerShape,
} from './hugging-face-parts.js';
import { parsePreprocessor, PREPROCESSOR_CONFIG } from './hugging-face-pixels.js';

/*
 * CLIP as transformers stores it. What `config.json` leaves out, which OpenAI's leave out nearly all, has the defaults
 * of `CLIPTextConfig` and `CLIPVisionConfig` (configuration_clip.py, 5.18). A config of an old version has the towers
 * twice, and `text_config_dict` and `vision_config_dict` win.
 */

const shared = { activation: 'quick_gelu', epsilon: 1e-5, depth: 12 } as const;

const textSchema = z.looseObject({
  ...towerShape({ ...shared, width: 512, mlpWidth: 2048, heads: 8 }),
  vocab_size: textSizes.vocab_size,
  max_position_embeddings: textSizes.context_length,
  eos_token_id: z.int().min(0).default(49_407),
});

const visionSchema = z.looseObject({
  ...towerShape({ ...shared, width: 768, mlpWidth: 3072, heads: 12 }),
  num_channels: only(3).default(3),
  image_size: square.default(224),
  patch_size: z.int().min(1).max(1024).default(32),
});

const configSchema = z.looseObject({
  projection_dim: size.default(512),
  text_config: textSchema.nullish(),
  text_config_dict: textSchema.nullish(),
  vision_config: visionSchema.nullish(),
  vision_config_dict: visionSchema.nullish(),
});

/** Ids of a config from before transformers#24773, which stand for the largest id of a text. */
const LEGACY_END_ID = 2;

const NAMES: TensorNames = {
  logitScale: 'logit_scale',
  ignored: [POSITION_IDS],
  vision: {
    patches: matrix('vision_model.embeddings.patch_embedding.weight'),
    classToken: whole('vision_model.embeddings.class_embedding'),
    positions: whole('vision_model.embeddings.position_embedding.weight'),
    // As it is spelled there.
    normBefore: 'vision_model.pre_layrnorm',
    blocks: blocksOf('vision_model'),
    norm: 'vision_model.post_layernorm',
    projection: matrix('visual_projection.weight'),
  },
  text: {
    tokens: whole('text_model.embeddings.token_embedding.weight'),
    positions: whole('text_model.embeddings.position_embedding.weight'),
    blocks: blocksOf('text_model'),
    norm: 'text_model.final_layer_norm',
    projection: matrix('text_projection.weight'),
  },
};

function matrix(tensor: string): LinearNames {
  return { weight: whole(tensor) };
}

/** @throws AppError BAD_USER_INPUT that names file and setting */
export function parseHuggingFaceClip(files: ReadonlyMap<string, string>): ModelConfig {
  const preprocess = parsePreprocessor(files, 'clip');
  return readAs(HUGGING_FACE_CONFIG, () => {
    const config = parseJson(files.get(HUGGING_FACE_CONFIG) ?? '', configSchema);
    const text = config.text_config_dict ?? config.text_config ?? textSchema.parse({});
    const vision = config.vision_config_dict ?? config.vision_config ?? visionSchema.parse({});
    const { image_size: imageSize } = vision;
    const pixels = preprocess.imageSize;
    checkEqual('vision_config.image_size', imageSize, `the size of ${PREPROCESSOR_CONFIG}`, pixels);
    // The end token has the largest id of all: both ways of finding it find the same.
    if (text.eos_token_id !== LEGACY_END_ID && text.eos_token_id !== text.vocab_size - 1) {
      throw new SettingFault(
        `text_config.eos_token_id is ${String(text.eos_token_id)}, which is not the last of ${String(text.vocab_size)} ids`,
      );
    }
    return {
      embedDim: config.projection_dim,
      vision: {
        ...towerConfig('vision_config', vision),
        imageSize,
        patchSize: vision.patch_size,
        tokens: 1 + patchCount(imageSize, vision.patch_size),
        pooling: 'class-token',
      },
      text: {
        ...towerConfig('text_config', text),
        contextLength: text.max_position_embeddings,
        vocabSize: text.vocab_size,
        causal: true,
        pooling: 'largest-id',
      },
      preprocess,
      textCleaning: 'clip',
      tokenizer: 'tokenizer.json',
      loss: 'softmax',
      names: NAMES,
    };
  });
}
