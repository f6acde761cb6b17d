import { z } from 'zod';
import type { PreprocessConfig } from '../config.js';
import {
  channels,
  deviations,
  only,
  parseJson,
  pixels,
  readAs,
  SettingFault,
} from './config-values.js';

export const PREPROCESSOR_CONFIG = 'preprocessor_config.json';

/** `PIL.Image.Resampling`. */
const RESAMPLING = { 2: 'bilinear', 3: 'bicubic' } as const;

/**
 * `preprocessor_config.json` of `SiglipImageProcessor`: its defaults (image_processing_pil_siglip.py), and the steps
 * in the order of transformers' `PilBackend`: RGB, resize, rescale, normalise.
 */
const schema = z.looseObject({
  do_resize: only(true).default(true),
  do_rescale: only(true).default(true),
  do_normalize: only(true).default(true),
  do_center_crop: only(false, null).default(false),
  do_pad: only(false, null).default(false),
  size: z
    .union([pixels, z.looseObject({ height: pixels, width: pixels })])
    .default({ height: 224, width: 224 }),
  resample: only(2, 3).default(3),
  rescale_factor: z
    .number()
    .refine((value) => Math.abs(value * 255 - 1) < 1e-6, 'must be 1 / 255')
    .default(1 / 255),
  image_mean: channels.default([0.5, 0.5, 0.5]),
  image_std: deviations.default([0.5, 0.5, 0.5]),
});

/** @throws AppError BAD_USER_INPUT */
export function parsePreprocessor(files: ReadonlyMap<string, string>): PreprocessConfig {
  return readAs(PREPROCESSOR_CONFIG, () => {
    const config = parseJson(files.get(PREPROCESSOR_CONFIG) ?? '', schema);
    const { size } = config;
    if (typeof size !== 'number' && size.height !== size.width) {
      throw new SettingFault('size must be square');
    }
    return {
      imageSize: typeof size === 'number' ? size : size.height,
      resizeMode: 'squash',
      interpolation: RESAMPLING[config.resample],
      rgb: 'before-resize',
      cropOffset: 'floor',
      mean: config.image_mean,
      std: config.image_std,
    };
  });
}
