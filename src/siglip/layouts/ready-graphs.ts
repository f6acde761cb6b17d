import { z } from 'zod';
import type { ServedConfig } from '../model-config.js';
import { parseJson, readAs, SettingFault, size, textSizes } from './config-values.js';
import { HUGGING_FACE_CONFIG, TOKENIZER_CONFIG } from './hugging-face-parts.js';
import { parsePreprocessor } from './hugging-face-pixels.js';
import { usesSentencePiece } from './hugging-face-siglip.js';
import { refusalOfModelType } from './refusals.js';

/*
 * Graphs that somebody exported with Optimum or the scripts of transformers.js. They hold the towers, so that their
 * config says only what a graph does not: pixels, texts, and how the model was trained. Inputs and outputs are read from
 * the graphs (`ready-graphs/`), and go before what is here.
 */

interface Family {
  readonly kind: 'siglip' | 'clip';
  readonly contextLength: number;
  readonly vocabSize: number;
}

/** By `model_type`. MobileCLIP is CLIP to whoever has its graphs. */
const FAMILIES: Readonly<Record<string, Family>> = {
  siglip: { kind: 'siglip', contextLength: 64, vocabSize: 32_000 },
  clip: { kind: 'clip', contextLength: 77, vocabSize: 49_408 },
  mobileclip: { kind: 'clip', contextLength: 77, vocabSize: 49_408 },
};

const kindSchema = z.looseObject({ model_type: z.string().max(100) });

function schemaOf({ contextLength, vocabSize }: Family) {
  return z.looseObject({
    projection_dim: size.default(512),
    text_config: z
      .looseObject({
        max_position_embeddings: textSizes.context_length.unwrap().default(contextLength),
        vocab_size: textSizes.vocab_size.unwrap().default(vocabSize),
      })
      .prefault({}),
    vision_config: z.looseObject({ hidden_size: size.default(768) }).prefault({}),
  });
}

/** @throws SettingFault */
function familyOf(type: string): Family {
  const family = FAMILIES[type];
  if (family !== undefined) return family;
  const known = Object.keys(FAMILIES)
    .map((one) => `"${one}"`)
    .join(', ');
  throw new SettingFault(
    `model_type: ${refusalOfModelType(type) ?? `"${type}" is not supported; supported: ${known}`}`,
  );
}

/**
 * Reads `config.json` and `preprocessor_config.json` beside ready-made graphs.
 *
 * @throws AppError BAD_USER_INPUT that names file and setting
 */
export function parseReadyGraphs(files: ReadonlyMap<string, string>): ServedConfig {
  const json = files.get(HUGGING_FACE_CONFIG) ?? '';
  const { family, config } = readAs(HUGGING_FACE_CONFIG, () => {
    const found = familyOf(parseJson(json, kindSchema).model_type);
    return { family: found, config: parseJson(json, schemaOf(found)) };
  });
  const { text_config: text, vision_config: vision } = config;
  const isSentencePiece = usesSentencePiece(files.get(TOKENIZER_CONFIG));
  const shared = {
    text: { contextLength: text.max_position_embeddings, vocabSize: text.vocab_size },
    preprocess: parsePreprocessor(files, family.kind),
  };
  return family.kind === 'clip'
    ? {
        ...shared,
        embedDim: config.projection_dim,
        textCleaning: 'clip',
        tokenizer: 'tokenizer.json',
        loss: 'softmax',
      }
    : {
        ...shared,
        embedDim: vision.hidden_size,
        textCleaning: isSentencePiece ? 'siglip' : 'lower',
        tokenizer: isSentencePiece ? 'spiece.model' : 'tokenizer.json',
        loss: 'sigmoid',
      };
}
