// cspell:ignore fastvit
import { findLayout } from './layout.js';
import { parseHuggingFace } from './hugging-face.js';
import { parseOpenClip } from './open-clip.js';

const OPEN_CLIP = ['open_clip_config.json', 'open_clip_model.safetensors', 'tokenizer.json'];
const HUGGING_FACE = ['config.json', 'preprocessor_config.json', 'spiece.model'];
const layoutOf = (names: readonly string[], repository?: string) =>
  findLayout(new Set(names), repository);

test.each<[string, readonly string[], string, string]>([
  ['OpenCLIP', OPEN_CLIP, 'open_clip', 'open_clip_model.safetensors'],
  ['one file', [...HUGGING_FACE, 'model.safetensors'], 'hugging_face', 'model.safetensors'],
  [
    'several files',
    [...HUGGING_FACE, 'model.safetensors.index.json'],
    'hugging_face',
    'model.safetensors.index.json',
  ],
  [
    'several files without an index',
    [...HUGGING_FACE, 'pytorch_model-00001-of-00002.safetensors'],
    'hugging_face',
    'pytorch_model-00001-of-00002.safetensors',
  ],
  [
    'both: that of the reference with the exact pixels first',
    [...HUGGING_FACE, 'model.safetensors', ...OPEN_CLIP],
    'open_clip',
    'open_clip_model.safetensors',
  ],
  [
    'an OpenCLIP config beside Hugging Face weights',
    ['open_clip_config.json', ...HUGGING_FACE, 'model.safetensors'],
    'hugging_face',
    'model.safetensors',
  ],
])('a repository of %s has a layout', (_name, names, id, weights) => {
  const found = layoutOf(names);
  expect([found.layout.id, found.weights]).toEqual([id, weights]);
});

test.each<[string, readonly string[], string, RegExp]>([
  ['nothing', ['README.md'], 'a/b', /no checkpoint of OpenCLIP’s or Hugging Face’s layout/],
  [
    'pickles that have a twin',
    ['config.json', 'pytorch_model.bin'],
    'openai/clip-vit-base-patch32',
    /pytorch_model\.bin only: a pickle.*Pull timm\/vit_base_patch32_clip_224\.openai,/,
  ],
  [
    'pickles',
    ['open_clip_config.json', 'open_clip_pytorch_model.bin'],
    'apple/DFN5B-CLIP-ViT-H-14-378',
    /open_clip_pytorch_model\.bin only: a pickle/,
  ],
  [
    'ready-made graphs',
    ['config.json', 'preprocessor_config.json', 'onnx/model.onnx'],
    'Xenova/siglip-base-patch16-224',
    /ready-made ONNX graphs, which are not read; pull google\/siglip-base-patch16-224\./,
  ],
  [
    'graphs of a model whose weights are pickles',
    ['config.json', 'onnx/model.onnx'],
    'Xenova/clip-vit-base-patch16',
    /pull timm\/vit_base_patch16_clip_224\.openai\./,
  ],
  ['no pixels', ['config.json', 'model.safetensors'], 'a/b', /no file preprocessor_config\.json/],
])('a repository of %s is refused by name', (_name, names, repository, fault) => {
  expect(() => layoutOf(names, repository)).toThrow(fault);
});

test.each<[string, RegExp]>([
  ['siglip2', /NaFlex.*such as google\/siglip2-base-patch16-256/],
  ['metaclip_2', /MetaCLIP 2/],
  ['bert', /"bert" is not supported; supported: "siglip", "clip"/],
])('model_type %s is refused by name', (type, fault) => {
  const files = new Map([['config.json', JSON.stringify({ model_type: type })]]);
  expect(() => parseHuggingFace(files)).toThrow(fault);
});

test.each<[string, RegExp]>([
  ['eva02_large_patch14_clip_336', /EVA-CLIP; pull a SigLIP or CLIP model instead/],
  ['fastvit_mci2', /MobileCLIP/],
  ['vit_no_one_knows', /"vit_no_one_knows" is not supported; pull/],
])('a vision tower %s is refused by name', (name, fault) => {
  const json = JSON.stringify({ model_cfg: { vision_cfg: { timm_model_name: name } } });
  expect(() => parseOpenClip(json)).toThrow(fault);
});
