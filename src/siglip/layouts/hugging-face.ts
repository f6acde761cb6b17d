import { z } from 'zod';
import type { ModelConfig } from '../model-config.js';
import { parseJson, readAs } from './config-values.js';
import { parseHuggingFaceClip } from './hugging-face-clip.js';
import { HUGGING_FACE_CONFIG } from './hugging-face-parts.js';
import { parseHuggingFaceSiglip } from './hugging-face-siglip.js';
import { refusalOfModelType } from './refusals.js';

const FAMILIES = { siglip: parseHuggingFaceSiglip, clip: parseHuggingFaceClip } as const;

const kindSchema = z.looseObject({
  model_type: z.enum(['siglip', 'clip'], {
    error: ({ input }) => {
      const type = typeof input === 'string' ? input.slice(0, 100) : 'none';
      return refusalOfModelType(type) ?? `"${type}" is not supported; supported: "siglip", "clip"`;
    },
  }),
});

/**
 * Reads a checkpoint of transformers, by its `model_type`.
 *
 * @param files texts by name: `config.json`, `preprocessor_config.json`, and `tokenizer_config.json` if there is one
 * @throws AppError BAD_USER_INPUT that names file and setting
 */
export function parseHuggingFace(files: ReadonlyMap<string, string>): ModelConfig {
  const { model_type: family } = readAs(HUGGING_FACE_CONFIG, () =>
    parseJson(files.get(HUGGING_FACE_CONFIG) ?? '', kindSchema),
  );
  return FAMILIES[family](files);
}
