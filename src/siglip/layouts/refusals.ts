import { AppError } from '../../errors.js';

/* What is published and does not run here, by name, and what a person can pull instead. */

/** A SigLIP model and a CLIP model of a like size, whose layouts are read. */
const INSTEAD =
  'pull a SigLIP or CLIP model instead, such as google/siglip2-base-patch16-224 or laion/CLIP-ViT-B-32-laion2B-s34B-b79K';

/** By `model_type` of transformers. */
const MODEL_TYPES: Readonly<Record<string, string>> = {
  siglip2:
    'SigLIP 2 NaFlex, which takes pictures of any shape: pull one of fixed size instead, such as google/siglip2-base-patch16-256',
  metaclip_2: `MetaCLIP 2, whose texts end differently: ${INSTEAD}`,
  chinese_clip: `Chinese CLIP, whose text tower is BERT’s: pull google/siglip2-base-patch16-224 instead, which reads many languages`,
  altclip: `AltCLIP, whose text tower is XLM-RoBERTa’s: pull google/siglip2-base-patch16-224 instead, which reads many languages`,
  align: `ALIGN, whose image tower is a convolution network: ${INSTEAD}`,
  blip: `BLIP, which writes captions: ${INSTEAD}`,
  'blip-2': `BLIP-2, which writes captions: ${INSTEAD}`,
};

/** By the beginning of a name in timm. */
const TIMM_FAMILIES: readonly (readonly [prefix: string, family: string, instead?: string])[] = [
  ['eva', 'EVA-CLIP'],
  ['fastvit_mci0', 'MobileCLIP', readyMobileClip('s0')],
  ['fastvit_mci1', 'MobileCLIP', readyMobileClip('s1')],
  ['fastvit_mci2', 'MobileCLIP', readyMobileClip('s2')],
  ['fastvit', 'MobileCLIP'],
  ['vit_base_mci', 'MobileCLIP-B', readyMobileClip('b')],
  ['vitamin', 'ViTamin'],
  ['convnext', 'a ConvNeXt'],
  ['resnet', 'a ResNet'],
  ['vit_pe_', 'PE-Core'],
  ['naflexvit', 'SigLIP 2 NaFlex'],
  ['vit_naflex', 'SigLIP 2 NaFlex'],
];

/** @returns undefined for a type that is not known at all */
export function refusalOfModelType(type: string): string | undefined {
  const reason = MODEL_TYPES[type];
  return reason === undefined ? undefined : `this is ${reason}`;
}

export function refusalOfTimmModel(name: string): string {
  const [, family, instead = INSTEAD] =
    TIMM_FAMILIES.find(([prefix]) => name.startsWith(prefix)) ?? [];
  return `${JSON.stringify(name)} is not supported${family === undefined ? '' : `: this is ${family}`}; ${instead}`;
}

/** The same weights as graphs. They compute no scores; Apple's examples (apple/ml-mobileclip) multiply cosines by 100. */
function readyMobileClip(size: string): string {
  return `pull its ready-made graphs instead: Xenova/mobileclip_${size} --logit-scale 100`;
}

/**
 * Repositories of pickles, and the same weights as safetensors: as open_clip's list of pretrained models has them
 * (src/open_clip/pretrained.py, 3.3).
 */
const TWINS: Readonly<Record<string, string>> = {
  'openai/clip-vit-base-patch32': 'timm/vit_base_patch32_clip_224.openai',
  'openai/clip-vit-base-patch16': 'timm/vit_base_patch16_clip_224.openai',
  'openai/clip-vit-large-patch14': 'timm/vit_large_patch14_clip_224.openai',
  'openai/clip-vit-large-patch14-336': 'timm/vit_large_patch14_clip_336.openai',
};

/** Whose checkpoints a repository of ready-made graphs was made from. */
const EXPORTS: readonly (readonly [pattern: RegExp, of: string])[] = [
  [/^(?:Xenova|onnx-community)\/(siglip2?-[\w-]+?)(?:-ONNX)?$/, 'google'],
  [/^(?:Xenova|onnx-community)\/(clip-vit-[\w-]+?)(?:-ONNX)?$/, 'openai'],
];

/**
 * Why a repository has no weights that are read, by its files.
 *
 * @returns undefined where none of the known reasons fits
 */
export function refusalOfFiles(
  repository: string,
  names: ReadonlySet<string>,
): AppError | undefined {
  const all = [...names];
  if (all.some((name) => name.endsWith('.safetensors'))) return undefined;
  if (all.some((name) => name.endsWith('.onnx'))) {
    const source = EXPORTS.flatMap(([pattern, of]) => {
      const name = pattern.exec(repository)?.[1];
      return name === undefined ? [] : [TWINS[`${of}/${name}`] ?? `${of}/${name}`];
    })[0];
    const advice =
      source === undefined ? 'pull the checkpoint that they were made from' : `pull ${source}`;
    return refuse(
      `${repository} holds ONNX graphs, but neither onnx/model.onnx nor onnx/vision_model.onnx and onnx/text_model.onnx; ${advice}.`,
    );
  }
  const pickle = all.find((name) => /\.(?:bin|pt|pth|ckpt|pkl)$/.test(name));
  if (pickle !== undefined) {
    const twin = TWINS[repository];
    const advice =
      twin === undefined
        ? 'Pull a repository or revision that has safetensors.'
        : `Pull ${twin}, which has the same weights as safetensors.`;
    return refuse(
      `${repository} has its weights as ${pickle} only: a pickle, which can run any code when it is read. ${advice}`,
    );
  }
  return undefined;
}

function refuse(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message);
}
