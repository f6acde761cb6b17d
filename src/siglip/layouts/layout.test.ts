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
  expect(found).toMatchObject({ layout: { id }, weights });
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
    'one graph of two',
    ['config.json', 'preprocessor_config.json', 'onnx/vision_model.onnx'],
    'Xenova/siglip-base-patch16-224',
    /neither onnx\/model\.onnx nor .*; pull google\/siglip-base-patch16-224\./,
  ],
  [
    'graphs of a model whose weights are pickles',
    ['config.json', 'model.onnx'],
    'Xenova/clip-vit-base-patch16',
    /pull timm\/vit_base_patch16_clip_224\.openai\./,
  ],
  [
    'graphs without pixels',
    ['config.json', 'onnx/model.onnx'],
    'a/b',
    /no file preprocessor_config/,
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

const READY = ['config.json', 'preprocessor_config.json'];
test.each<[string, readonly string[], object]>([
  [
    'both towers in one file, in several precisions',
    [
      'model.onnx',
      'model_fp16.onnx',
      'model_quantized.onnx',
      'vision_model.onnx',
      'text_model.onnx',
    ],
    { base: ['model.onnx'], int8: ['model_quantized.onnx'], scores: 'model.onnx' },
  ],
  [
    'data beside the graph, of which others have some too',
    ['model.onnx', 'model.onnx_data', 'model.onnx_data_1', 'model_fp16.onnx_data'],
    { base: ['model.onnx', 'model.onnx_data', 'model.onnx_data_1'], scores: 'model.onnx' },
  ],
  [
    'two files',
    ['vision_model.onnx', 'text_model.onnx', 'vision_model_int8.onnx'],
    { base: ['vision_model.onnx', 'text_model.onnx'], scores: undefined },
  ],
  [
    'two files, and a third that computes scores',
    [
      'vision_model.onnx',
      'text_model.onnx',
      'model_q4.onnx',
      'model_int8.onnx',
      'model_uint8.onnx',
    ],
    {
      base: ['vision_model.onnx', 'text_model.onnx'],
      int8: ['model_int8.onnx'],
      scores: 'model_uint8.onnx',
    },
  ],
  ['half precision alone', ['model_fp16.onnx'], { base: ['model_fp16.onnx'] }],
])('of ready-made graphs of %s, the right ones are used', (_name, graphs, wanted) => {
  const found = layoutOf([...READY, ...graphs.map((name) => `onnx/${name}`)]);
  if (!('graphs' in found)) throw new Error('These are graphs.');
  const { base, int8, scores } = found.graphs;
  const short = (names: readonly string[] = []) => names.map((name) => name.replace('onnx/', ''));
  expect({
    base: short(base.files),
    int8: short(int8?.files),
    scores: short([scores ?? ''])[0],
  }).toEqual({
    int8: [],
    ...wanted,
    scores: (wanted as { scores?: string }).scores ?? short([scores ?? ''])[0],
  });
});

test('weights go before graphs of them', () => {
  const found = layoutOf([...READY, 'model.safetensors', 'onnx/model.onnx']);
  expect(found.layout.id).toBe('hugging_face');
});
