import { z } from 'zod';
import type { PreprocessConfig } from '../model-config.js';
import {
  channels,
  checkEqual,
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

const squareSize = z
  .looseObject({ height: pixels, width: pixels })
  .refine(({ height, width }) => height === width, 'must be square');

/**
 * `preprocessor_config.json`, with the defaults of its family's image processor (image_processing_pil_siglip.py,
 * image_processing_pil_clip.py). Their steps, in the order of transformers' `PilBackend`: RGB, resize, crop, rescale,
 * normalize.
 */
function schemaOf(family: Family) {
  const { size, crops, mean, std } = DEFAULTS[family];
  return z.looseObject({
    do_resize: only(true).default(true),
    do_rescale: only(true).default(true),
    do_normalize: z.boolean().nullish(),
    do_center_crop: z
      .boolean()
      .nullish()
      .transform((value) => value ?? crops),
    do_pad: only(false, null).optional(),
    // A single number is the shorter side, of both families.
    size: z
      .union([
        pixels.transform((side) => ({ side, isSquashed: false })),
        z
          .looseObject({ shortest_edge: pixels })
          .transform(({ shortest_edge: side }) => ({ side, isSquashed: false })),
        squareSize.transform(({ height: side }) => ({ side, isSquashed: true })),
      ])
      .default(size),
    crop_size: z
      .union([pixels, squareSize])
      .transform((value) => (typeof value === 'number' ? value : value.height))
      .default(224),
    resample: only(2, 3).default(3),
    rescale_factor: z
      .number()
      .refine((value) => Math.abs(value * 255 - 1) < 1e-6, 'must be 1 / 255')
      .default(1 / 255),
    image_mean: channels.default(mean),
    image_std: deviations.default(std),
  });
}

type Family = 'siglip' | 'clip';
type Channels = [number, number, number];

const HALF: Channels = [0.5, 0.5, 0.5];
const DEFAULTS = {
  siglip: { size: { side: 224, isSquashed: true }, crops: false, mean: HALF, std: HALF },
  clip: {
    size: { side: 224, isSquashed: false },
    crops: true,
    mean: [0.48145466, 0.4578275, 0.40821073] as Channels,
    std: [0.26862954, 0.26130258, 0.27577711] as Channels,
  },
} as const;

/** @throws AppError BAD_USER_INPUT */
export function parsePreprocessor(
  files: ReadonlyMap<string, string>,
  family: Family,
): PreprocessConfig {
  return readAs(PREPROCESSOR_CONFIG, () => {
    const config = parseJson(files.get(PREPROCESSOR_CONFIG) ?? '', schemaOf(family));
    const { crop_size: cropSize } = config;
    const { side: imageSize, isSquashed } = config.size;
    if (config.do_center_crop) checkEqual('crop_size', cropSize, 'size', imageSize);
    else if (!isSquashed) throw new SettingFault('size: without a crop it must be square');
    return {
      imageSize,
      resizeMode: isSquashed ? 'squash' : 'shortest',
      interpolation: RESAMPLING[config.resample],
      rgb: 'before-resize',
      cropOffset: 'floor',
      ...(config.do_normalize === false
        ? { mean: [0, 0, 0], std: [1, 1, 1] }
        : { mean: config.image_mean, std: config.image_std }),
    };
  });
}
