// What inference costs at the true sizes of SigLIP SO400M (random weights, made here, 3.5 GB), beside
// transformers.js on the same weights. Each measurement has a process of its own; those that are compared
// take turns. `npm run bench:inference -- --rounds 2 --json`: about 10 minutes on two cores
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import sharp from 'sharp';
import { expectedTensors } from '../dist/siglip/architecture.js';
import { parseOpenClip } from '../dist/siglip/layouts/open-clip.js';
import { compile, openModel } from '../dist/siglip/index.js';
import { installPeer, layOutForPeer, PEER, PEER_VERSION } from './peer.mjs';
import { mb, median, print, round, summary } from './report.mjs';
import { writeRandomCheckpoint } from '../test/support/random-checkpoint.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    threads: { type: 'string', default: String(availableParallelism()) },
    small: { type: 'boolean', default: false },
    demo: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`Usage: npm run bench:inference -- [--rounds 2] [--threads ${options.threads}] [--small] [--demo] [--keep] [--json]

  --small   a tiny model, to try the measurements themselves; writes no results
  --demo    the demo model only, into the results that are there
  --keep    leave the checkpoint (4.5 GB) in .data/bench for the next run`);
  process.exit(0);
}
const rounds = Number(options.rounds);
const threads = Number(options.threads);
const root = path.resolve(import.meta.dirname, '..');
const work = path.join(root, '.data/bench');
const modelsDir = path.join(work, 'models');
const slug = options.small ? 'bench/small' : 'bench/so400m';
const folder = path.join(modelsDir, slug);

const tower = options.small
  ? { width: 64, depth: 2, heads: 4, mlpRatio: 4 }
  : { width: 1152, depth: 27, heads: 16, mlpRatio: 3.7362 };
const side = options.small ? 64 : 384;
const sizes = { side, contextLength: 64 };
const model = {
  vision: { imageSize: side, patchSize: options.small ? 16 : 14, ...tower },
  text: { contextLength: 64, vocabSize: 32_000, ...tower },
};
const LABELS = Array.from({ length: 10 }, (_, at) => `label number ${String(at + 1)}`);

const say = (line) => process.stderr.write(`${line}\n`);
const run = promisify(execFile);

/** One measurement in a process of its own. */
async function task(name, input) {
  const script = path.join(root, 'bench/inference-tasks.mjs');
  const args = ['--no-warnings', script, name, JSON.stringify(input)];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

async function measure() {
  const results = {
    machine: `${cpus()[0]?.model ?? '?'}, ${String(availableParallelism())} cores, ${String(Math.round(totalmem() / 2 ** 30))} GiB`,
    node: process.version,
    onnxruntime: version('onnxruntime-node'),
    peer: `${PEER} ${PEER_VERSION}`,
    threads,
    rounds,
  };
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path.join(folder, 'open_clip_model.safetensors'))) {
    say('Writing the checkpoint …');
    await writeRandomCheckpoint(folder, model, (config) => expectedTensors(parseOpenClip(config)));
  }
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(path.join(root, 'test/fixtures/siglip-micro', name), path.join(folder, name));
  }
  const picture = path.join(work, 'picture.jpg');
  const noise = { type: 'gaussian', mean: 128, sigma: 40 };
  const create = { width: 1280, height: 960, channels: 3, background: 'white', noise };
  await sharp({ create }).jpeg().toFile(picture);

  say('Compiling …');
  const hashing = await task('compile', { folder });
  const { weights } = await openModel(folder);
  const hashes = weights.files.map(({ file, sha256 }) => [file, sha256]);
  const known = await task('compile', { folder, weightsSha256: hashes });
  const int8 = await task('compile', { folder, weightsSha256: hashes, int8: true });
  results.compile = {
    fp32: { seconds: round(known.seconds, 2), peakMB: mb(known.peakBytes) },
    fp32WithHashing: { seconds: round(hashing.seconds, 2), peakMB: mb(hashing.peakBytes) },
    int8: { seconds: round(int8.seconds, 2), peakMB: mb(int8.peakBytes) },
  };

  const { variants } = await openModel(folder);
  const file = (variant, which) => path.join(folder, variants[variant][which].file);
  results.load = {};
  for (const variant of ['fp32', 'int8']) {
    for (const prepack of [false, true]) {
      say(`Loading ${variant}${prepack ? ', prepacked' : ''} …`);
      const towers = { image: file(variant, 'image'), text: file(variant, 'text') };
      const input = { ...towers, threads, prepack, sizes };
      const alone = await task('load', input);
      const both = await Promise.all([1, 2].map(() => task('load', { ...input, holdMs: 15_000 })));
      results.load[`${variant}${prepack ? ', prepacked' : ''}`] = {
        seconds: round(alone.seconds, 2),
        privateMB: mb(alone.privateBytes),
        privateMBOfEachOfTwo: both.map((one) => mb(one.privateBytes)),
      };
    }
  }

  results.run = {};
  for (const variant of ['fp32', 'int8']) {
    for (const prepack of [false, true]) {
      say(`Bare runs of ${variant}${prepack ? ', prepacked' : ''} …`);
      const input = { threads, prepack, sizes, count: options.small ? 20 : 3 };
      const name = `${variant}${prepack ? ', prepacked' : ''}`;
      const image = await task('run', { ...input, file: file(variant, 'image'), tower: 'image' });
      results.run[`image, ${name}`] = summary(image.ms);
      if (!prepack && variant === 'int8') continue;
      for (const texts of prepack ? [1, 10, 100] : [1, 10]) {
        const text = { ...input, file: file(variant, 'text'), tower: 'text', texts };
        if (texts === 100) text.count = 1;
        results.run[`${String(texts)} texts, ${name}`] = summary((await task('run', text)).ms);
      }
    }
  }

  say('Beside transformers.js …');
  const peerPackage = installPeer(work);
  const hub = layOutForPeer(work, folder, side);
  const common = { picture, labels: LABELS, threads };
  const peer = { ...common, package: peerPackage, root: hub };
  const ours = Object.fromEntries(
    [
      ['fp32', false],
      ['fp32', true],
      ['int8', true],
    ].map(([variant, prepack]) => [
      `${variant}${prepack ? ', prepacked' : ''}`,
      { ...common, modelsDir, slug, variant, prepack },
    ]),
  );
  const first = Object.fromEntries(['peer', ...Object.keys(ours)].map((name) => [name, []]));
  for (let at = 1; at <= rounds; at++) {
    say(`  first answers, round ${String(at)} of ${String(rounds)}`);
    first.peer.push(await task('peer', peer));
    for (const [name, input] of Object.entries(ours)) first[name].push(await task('ours', input));
  }
  say('  in turns');
  const steady = await task('turns', { peer, ours, count: options.small ? 20 : 3 * rounds });
  results.oneImageTenLabels = Object.fromEntries(
    Object.entries(first).map(([name, all]) => {
      const timesFaster = (field) =>
        round(
          median(first.peer.map((one) => one[field])) / median(all.map((one) => one[field])),
          2,
        );
      return [
        name,
        {
          startToFirst: summary(all.map(({ firstMs }) => firstMs)),
          startToReady: summary(all.map(({ readyMs }) => readyMs)),
          readyToFirst: summary(all.map(({ readyToFirstMs }) => readyToFirstMs)),
          steady: summary(steady[name]),
          timesFasterStartToFirst: timesFaster('firstMs'),
          timesFasterReadyToFirst: timesFaster('readyToFirstMs'),
          // Of each turn.
          timesFasterSteady: round(median(steady[name].map((ms, at) => steady.peer[at] / ms)), 2),
        },
      ];
    }),
  );

  say('Overhead of the predictor …');
  const graph = `${slug.replace('/', '--')}.fp32.image`;
  const { bare, served } = await task('overhead', {
    ...{ modelsDir, graph, file: file('fp32', 'image'), sizes, threads, prepack: true },
    count: options.small ? 50 : 10,
  });
  const ratios = served.map((ms, at) => ms / bare[at]);
  results.predictorOverhead = {
    bare: summary(bare),
    served: summary(served),
    // Of each pair.
    percent: round((median(ratios) - 1) * 100, 2),
  };

  say('Event loop of the api while the predictor is saturated …');
  const saturated = await task('ours', {
    ...ours['int8, prepacked'],
    callers: 8,
    count: options.small ? 20 : 3,
  });
  results.eventLoopDelay = {
    callers: 8,
    p99Ms: round(saturated.loopDelayP99Ms),
    maxMs: round(saturated.loopDelayMaxMs),
  };
  return results;
}

/** The demo model: what the whole path costs beside the run, and int8 beside fp32 on its own pictures. */
async function measureDemo() {
  const demo = path.join(root, 'models/demo-shapes');
  say('The demo model …');
  const demos = path.join(work, 'demo');
  const target = path.join(demos, 'demo/shapes');
  rmSync(demos, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(demo).filter((one) => /\.(json|safetensors)$/.test(one))) {
    copyFileSync(path.join(demo, name), path.join(target, name));
  }
  await compile(target, { int8: true });
  const { variants, config } = await openModel(target);
  const demoSizes = { side: config.preprocess.imageSize, contextLength: config.text.contextLength };
  const samples = path.join(demo, 'samples');
  const files = readdirSync(samples).filter((one) => /\.(png|jpg)$/.test(one));
  const labels = files.map((one) => path.parse(one).name.replaceAll('-', ' '));
  const input = { threads, prepack: true, count: 300 };
  const picture = path.join(samples, files[0]);
  const image = path.join(target, variants.fp32.image.file);
  const bare = await task('run', { ...input, sizes: demoSizes, file: image, tower: 'image' });
  const common = { modelsDir: demos, slug: 'demo/shapes', labels, threads };
  const whole = await task('ours', { ...input, ...common, variant: 'fp32', picture });
  const pictures = await task('variations', {
    folder: demos,
    files: files.map((one) => path.join(samples, one)),
  });
  const shades = ['red', 'green', 'blue', 'yellow', 'purple', 'orange', 'black'];
  const shapes = ['circle', 'square', 'triangle', 'star', 'heart', 'arrow'];
  const all = shades.flatMap((shade) => shapes.map((shape) => `${shade} ${shape}`));
  return {
    bare: summary(bare.ms),
    whole: summary(whole.ms),
    overheadMs: round(median(whole.ms) - median(bare.ms), 2),
    int8: await task('agreement', { ...common, labels: all, pictures }),
  };
}

function version(name) {
  const file = path.join(root, 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

const target = path.join(root, 'bench/results/inference.json');
const results = options.demo ? JSON.parse(readFileSync(target, 'utf8')) : await measure();
const save = () => options.small || writeFileSync(target, `${JSON.stringify(results, null, 2)}\n`);
save();
results.demo = await measureDemo();
save();
if (!options.keep) rmSync(modelsDir, { recursive: true, force: true });
if (options.json) console.log(JSON.stringify(results));
else print(results);
