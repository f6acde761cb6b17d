// One measurement each, in a process of its own: `node bench/inference-tasks.mjs <task> <options as JSON>`.
// Writes its result to stdout as one line of JSON.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createLogger } from '../dist/platform/logger.js';
import { chooseInt8Kernels, int8SessionOptions } from '../dist/predictor/int8-kernels.js';
import { int8ProbeRunner } from '../dist/predictor/run-int8-probe.js';

const [name, json] = process.argv.slice(2);
const options = JSON.parse(json);

/** Milliseconds of each of `count` calls. */
async function times(count, work) {
  const all = [];
  for (let call = 0; call < count; call++) {
    const startedAt = performance.now();
    await work(call);
    all.push(performance.now() - startedAt);
  }
  return all;
}

/**
 * What the first caller waits for, ended by its answer: since this process was started, as both sides load
 * in it or in a child of it, and since the models were ready.
 */
function firstCall(readyMs) {
  const firstMs = performance.now();
  return { firstMs, readyMs, readyToFirstMs: firstMs - readyMs };
}

/**
 * Memory that is this process's own, in bytes (Linux). Pages of a file as it lies on the disk are not, even
 * while nobody else has read them: they can be dropped at any time, and another process gets the same ones.
 */
function privateBytes() {
  const text = readFileSync('/proc/self/smaps_rollup', 'utf8');
  return Number(/^Private_Dirty: +(\d+)/m.exec(text)?.[1] ?? NaN) * 1024;
}

async function openSession(file, { threads, prepack }) {
  const { InferenceSession } = await import('onnxruntime-node');
  const session = { disable_prepacking: prepack ? '0' : '1' };
  const kernels = await chooseInt8Kernels(int8ProbeRunner(session));
  return InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    extra: int8SessionOptions(kernels, session),
  });
}

async function tensors({ side, contextLength }, texts) {
  const { Tensor } = await import('onnxruntime-node');
  const pixels = Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * 31) % 256);
  const ids = BigInt64Array.from({ length: texts * contextLength }, (_, at) =>
    BigInt((at * 7) % 900),
  );
  return {
    image: { pixel_values: new Tensor('uint8', pixels, [1, side, side, 3]) },
    text: { input_ids: new Tensor('int64', ids, [texts, contextLength]) },
  };
}

/** The pipeline of transformers.js on the same weights. */
async function startPeer({ package: file, root, picture, labels, threads }) {
  const { env, pipeline } = await import(pathToFileURL(file).href);
  env.localModelPath = root;
  env.allowRemoteModels = false;
  const classify = await pipeline('zero-shot-image-classification', 'model', {
    dtype: 'fp32',
    device: 'cpu',
    session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
  });
  return { classify: () => classify(picture, labels) };
}

/** Our whole path: predictor process, its client, pictures, prompts, caches. */
async function startOurs({ modelsDir, slug, variant, picture, labels, threads, prepack }) {
  const { PredictorChild } = await import('../dist/predictor/child.js');
  const { PredictorClient } = await import('../dist/predictor/client.js');
  await import('reflect-metadata');
  const { ClassificationService, EmbeddingService, ModelService } =
    await import('../dist/inference/index.js');
  const { childEnvironment } = await import('../dist/config/config.js');
  const child = new PredictorChild({
    args: [path.resolve(import.meta.dirname, '../dist/cli.js'), 'predictor', '--port', '0'],
    logger: createLogger('error', process.stderr),
    env: childEnvironment({
      MODELS_DIR: modelsDir,
      PREDICTOR_THREADS: String(threads),
      PREDICTOR_PREPACK: String(prepack),
      PREDICTOR_VARIANTS: variant,
      LOG_LEVEL: 'error',
    }),
    stopTimeoutMs: 10_000,
  });
  await child.start();
  const client = new PredictorClient(child.address);
  // No cache for images: each call runs its picture, as new pictures would.
  const service = new ClassificationService(
    new EmbeddingService(
      { of: () => client },
      { textCacheBytesMax: 64 * 2 ** 20, imageCacheBytesMax: 0, timeoutMs: 600_000 },
    ),
  );
  const model = await new ModelService(modelsDir, variant).get(slug);
  const classifyImage = (image) => service.classify({ model, image, labels });
  return {
    classifyImage,
    // Different bytes for each caller, as equal pictures in flight share one run.
    classify: (caller = 0) =>
      classifyImage(Buffer.concat([readFileSync(picture), Buffer.from([caller])])),
    stop: async () => {
      await client.close();
      await child.stop();
    },
  };
}

const tasks = {
  /** The compiler, with its peak of memory. */
  async compile({ folder, int8 }) {
    const { compile } = await import('../dist/siglip/index.js');
    const startedAt = performance.now();
    const known = new Map(options.weightsSha256);
    await compile(folder, { int8, huggingFace: true, weightsSha256: known });
    const seconds = (performance.now() - startedAt) / 1000;
    return { seconds, peakBytes: process.resourceUsage().maxRSS * 1024 };
  },

  /** Both towers loaded, then warm; waits with them in memory when asked to. */
  async load({ image, text, threads, prepack, sizes, holdMs = 0 }) {
    const startedAt = performance.now();
    const sessions = [
      await openSession(image, { threads, prepack }),
      await openSession(text, { threads, prepack }),
    ];
    const seconds = (performance.now() - startedAt) / 1000;
    const input = await tensors(sizes, 1);
    await sessions[0].run(input.image);
    await sessions[1].run(input.text);
    await sleep(holdMs);
    return { seconds, privateBytes: privateBytes() };
  },

  /** `session.run` alone, in a loop. */
  async run({ file, threads, prepack, sizes, tower, texts = 1, count }) {
    const session = await openSession(file, { threads, prepack });
    const input = (await tensors(sizes, texts))[tower];
    // Warm after one row: many take half a minute.
    await session.run((await tensors(sizes, 1))[tower]);
    return { ms: await times(count, () => session.run(input)) };
  },

  /**
   * A bare run and one through a predictor and its client, in turns: what HTTP, queue and thread add. In
   * one process, as two processes that do the very same differ by more than that.
   */
  async overhead({ modelsDir, graph, file, sizes, threads, prepack, count }) {
    const { startPredictor } = await import('../dist/predictor/serve.js');
    const { PredictorClient } = await import('../dist/predictor/client.js');
    const session = await openSession(file, { threads, prepack });
    const predictor = await startPredictor({
      modelsDir,
      host: '127.0.0.1',
      port: 0,
      token: undefined,
      version: 'bench',
      variants: ['fp32'],
      executor: { threads, prepack },
      rules: { rowsMax: 16, delayMs: 0, queueMax: 64 },
      logger: createLogger('error', process.stderr),
      onDeath: (error) => {
        throw error;
      },
    });
    const client = new PredictorClient(() => ({ url: predictor.url, token: undefined }));
    const bareInput = (await tensors(sizes, 1)).image;
    const { type, dims, data } = bareInput.pixel_values;
    const input = { type, shape: dims, data };
    const runBare = () => session.run(bareInput);
    const runServed = () => client.infer(graph, 'pixel_values', input, { timeoutMs: 600_000 });
    await runBare();
    await runServed();
    const bare = [];
    const served = [];
    for (let at = 0; at < count; at++) {
      bare.push(...(await times(1, runBare)));
      served.push(...(await times(1, runServed)));
    }
    await client.close();
    await predictor.stop();
    return { bare, served };
  },

  /** The first answer of transformers.js, in a process that does nothing else. */
  async peer(input) {
    const { classify } = await startPeer(input);
    const readyMs = performance.now();
    await classify();
    return firstCall(readyMs);
  },

  /** Our first answer, and then `count` for each of some callers at once. */
  async ours({ count = 0, callers = 1, ...input }) {
    const { classify, stop } = await startOurs(input);
    try {
      const readyMs = performance.now();
      await classify();
      const first = firstCall(readyMs);
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const perCaller = await Promise.all(
        Array.from({ length: callers }, (_, caller) => times(count, () => classify(caller))),
      );
      delay.disable();
      return {
        ...first,
        ms: perCaller.flat(),
        loopDelayP99Ms: delay.percentile(99) / 1e6,
        loopDelayMaxMs: delay.max / 1e6,
      };
    } finally {
      await stop();
    }
  },

  /**
   * The same picture and labels again and again, transformers.js and each of ours call by call in turns: this
   * machine is 5 % faster in one minute than in another. @returns milliseconds by name, one of each turn
   */
  async turns({ peer, ours, count }) {
    const sides = { peer: await startPeer(peer) };
    for (const [name, input] of Object.entries(ours)) sides[name] = await startOurs(input);
    const ms = {};
    for (const [name, { classify }] of Object.entries(sides)) {
      await classify();
      ms[name] = [];
    }
    for (let turn = 0; turn < count; turn++) {
      for (const [name, { classify }] of Object.entries(sides)) {
        ms[name].push(...(await times(1, () => classify())));
      }
    }
    for (const { stop } of Object.values(sides)) await stop?.();
    return ms;
  },

  /** Twelve of each picture into a folder: other hues, brighter and darker, as JPEG. */
  async variations({ files, folder }) {
    const { default: sharp } = await import('sharp');
    const all = files.flatMap((file) =>
      Array.from({ length: 12 }, async (_, turn) => {
        const change = { hue: (turn % 4) * 90, brightness: 0.85 + 0.1 * (turn % 3) };
        const jpeg = { quality: 70 + 2 * turn };
        const target = path.join(folder, `${path.parse(file).name}-${String(turn)}.jpg`);
        await sharp(file).modulate(change).jpeg(jpeg).toFile(target);
        return target;
      }),
    );
    return Promise.all(all);
  },

  /** int8 beside fp32 on pictures: best labels that agree, and how far probabilities are apart. */
  async agreement({ pictures, ...input }) {
    const scores = {};
    for (const variant of ['fp32', 'int8']) {
      scores[variant] = [];
      const { classifyImage, stop } = await startOurs({ ...input, variant, prepack: true });
      for (const picture of pictures) {
        const { ranked } = await classifyImage(readFileSync(picture));
        const byLabel = [];
        for (const { index, probability } of ranked) byLabel[index] = probability;
        scores[variant].push({ best: ranked[0].index, byLabel });
      }
      await stop();
    }
    const pairs = scores.fp32.map((one, at) => [one, scores.int8[at]]);
    const differences = pairs.flatMap(([a, b]) =>
      a.byLabel.map((probability, at) => Math.abs(probability - b.byLabel[at])),
    );
    return {
      pictures: pairs.length,
      labels: input.labels.length,
      agreement: pairs.filter(([a, b]) => a.best === b.best).length / pairs.length,
      meanDifference: differences.reduce((sum, one) => sum + one, 0) / differences.length,
    };
  },
};

if (options.package !== undefined && !existsSync(options.package)) {
  throw new Error(`${options.package} is not installed.`);
}
const result = JSON.stringify(await tasks[name](options));
process.stdout.write(`${result}\n`, () => process.exit(0));
