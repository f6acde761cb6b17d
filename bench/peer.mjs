// transformers.js beside the project: installed for the measurement only, on our graphs and the same weights.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const PEER = '@huggingface/transformers';
export const PEER_VERSION = '4.3.1';

/** @returns the file to import */
export function installPeer(work) {
  const peer = path.join(work, 'peer');
  const entry = path.join(peer, 'node_modules', PEER, 'dist/transformers.node.mjs');
  if (existsSync(entry)) return entry;
  console.error(`Installing ${PEER} ${PEER_VERSION} beside the project …`);
  mkdirSync(peer, { recursive: true });
  writeFileSync(path.join(peer, 'package.json'), '{"private":true}');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  execFileSync('npm', ['install', ...flags, `${PEER}@${PEER_VERSION}`], { cwd: peer });
  return entry;
}

/**
 * The layout that transformers.js looks for, with our graphs and the same weights (hard links).
 * @returns the folder that holds `model/`
 */
export function layOutForPeer(work, folder, side) {
  const base = path.join(work, 'hub');
  rmSync(base, { recursive: true, force: true });
  const onnx = path.join(base, 'model/onnx');
  mkdirSync(onnx, { recursive: true });
  for (const name of ['model.onnx', 'open_clip_model.safetensors']) {
    linkSync(path.join(folder, name), path.join(onnx, name));
  }
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(path.join(folder, name), path.join(base, 'model', name));
  }
  const write = (name, value) =>
    writeFileSync(path.join(base, 'model', name), JSON.stringify(value));
  write('config.json', {
    model_type: 'siglip',
    text_config: { model_type: 'siglip_text_model' },
    vision_config: { model_type: 'siglip_vision_model', image_size: side },
  });
  write('preprocessor_config.json', {
    image_processor_type: 'SiglipImageProcessor',
    do_resize: true,
    do_rescale: true,
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
    resample: 3,
    rescale_factor: 1 / 255,
    size: { height: side, width: side },
  });
  return base;
}
