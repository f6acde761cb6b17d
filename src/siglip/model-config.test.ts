import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseOpenClip } from './layouts/open-clip.js';

const file = path.resolve(
  import.meta.dirname,
  '../../test/fixtures/siglip-micro/open_clip_config.json',
);
const json = readFileSync(file, 'utf8');

/** The fixture with one setting changed; the path in dots. */
function changed(setting: string, value: unknown): string {
  const config = JSON.parse(json) as Record<string, unknown>;
  const keys = setting.split('.');
  const last = keys.pop() ?? '';
  let at = config;
  for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
  at[last] = value;
  return JSON.stringify(config);
}

test('sizes are read from the config', () => {
  expect(parseOpenClip(json)).toMatchObject({
    embedDim: 96,
    vision: { imageSize: 76, width: 96, activation: 'gelu' },
    text: { contextLength: 64, width: 96 },
    preprocess: { imageSize: 76, resizeMode: 'squash', interpolation: 'bicubic' },
  });
});

test.each<[string, unknown, RegExp]>([
  [
    'model_cfg.vision_cfg.timm_model_kwargs.act_layer',
    'relu',
    /act_layer.*"relu" is not supported; supported: "gelu", "gelu_tanh"/,
  ],
  ['model_cfg.vision_cfg.timm_pool', 'avg', /timm_pool.*"avg"/],
  ['model_cfg.vision_cfg.timm_proj', 'linear', /timm_proj.*"linear"/],
  ['model_cfg.vision_cfg.timm_model_name', 'resnet50', /timm_model_name.*"resnet50"/],
  ['model_cfg.vision_cfg.timm_model_kwargs.qk_norm', true, /qk_norm/],
  ['model_cfg.vision_cfg.timm_model_kwargs.num_heads', 7, /7 heads do not divide/],
  ['model_cfg.vision_cfg.timm_model_kwargs.patch_size', 500, /no patch of 500/],
  ['model_cfg.vision_cfg.image_size', 80, /image_size is 80/],
  ['model_cfg.vision_cfg.image_size', [76, 80], /square/],
  ['model_cfg.vision_cfg.depth', 2, /depth/],
  ['model_cfg.embed_dim', 64, /embed_dim is 64/],
  ['model_cfg.quick_gelu', true, /quick_gelu/],
  ['model_cfg.text_cfg.context_length', 0, /context_length/],
  ['model_cfg.text_cfg.context_length', 1e9, /context_length/],
  ['model_cfg.text_cfg.pool_type', 'argmax', /pool_type.*"argmax"/],
  ['model_cfg.text_cfg.no_causal_mask', false, /no_causal_mask/],
  ['model_cfg.text_cfg.heads', 5, /5 heads do not divide/],
  ['model_cfg.text_cfg.layers', 1e6, /layers/],
  ['model_cfg.text_cfg.width', 1.5, /width/],
  ['model_cfg.text_cfg.act_kwargs', { approximate: 'fast' }, /approximate.*"fast"/],
  ['model_cfg.text_cfg.tokenizer_kwargs', { clean: 'lower' }, /clean.*"lower"/],
  ['preprocess_cfg.interpolation', 'lanczos', /interpolation.*"lanczos"/],
  ['preprocess_cfg.resize_mode', 'longest', /resize_mode.*"longest"/],
  ['preprocess_cfg.std', [0.5, 0, 0.5], /std.*0\.001/],
  ['preprocess_cfg.size', 224, /size is 224/],
  ['vision', {}, /vision/],
])('%s = %j is refused by name', (setting, value, fault) => {
  expect(() => parseOpenClip(changed(setting, value))).toThrow(fault);
  expect(() => parseOpenClip(changed(setting, value))).toThrow(/^open_clip_config\.json: /);
});

test('what only training reads is accepted', () => {
  const config = changed('model_cfg.vision_cfg.timm_model_kwargs.drop_rate', 0.1);
  expect(parseOpenClip(config)).toEqual(parseOpenClip(json));
});

test.each(['', '{', 'null', '[]', '7'])('%j is refused', (text) => {
  expect(() => parseOpenClip(text)).toThrow(
    expect.objectContaining({ code: 'BAD_USER_INPUT' }) as Error,
  );
});
