import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../src/siglip/checkpoint.js';
import { compile, openModel, verify, writeSelfReference } from '../../src/siglip/index.js';
import { ReferenceModel } from '../../src/siglip/reference/reference-model.js';
import { temporaryFolder } from '../support/folder.js';
import { distance } from '../support/golden.js';
import { runGraph } from '../support/onnx.js';

/* This project's own reference, beside what PyTorch computes, and what it finds. */

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');
const temporary = temporaryFolder();
afterAll(() => {
  temporary.remove();
});

let count = 0;
function copyOf(fixture: string): string {
  const folder = path.join(temporary.path, String(count++));
  cpSync(path.join(FIXTURES, fixture), folder, { recursive: true });
  return folder;
}

interface Golden {
  readonly texts: readonly { readonly input_ids: number[]; readonly embedding: number[] }[];
  readonly images: readonly { readonly pixels_f32_base64: string; readonly embedding: number[] }[];
}

/** How far directions are apart: an embedding's length is not used. */
function angle(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [one = [], other = []] = [a, b].map((vector) => {
    const values = Array.from(vector);
    return values.map((value) => value / Math.hypot(...values));
  });
  return distance(one, other);
}

test.each([
  'siglip-micro',
  'hf-siglip-micro',
  'hf-siglip2-micro',
  'open-clip-siglip2-micro',
  'open-clip-clip-micro',
  'hf-clip-micro',
])('of %s, it computes what the reference implementation computes', async (fixture) => {
  const folder = path.join(FIXTURES, fixture);
  const golden = JSON.parse(readFileSync(path.join(folder, 'golden.json'), 'utf8')) as Golden;
  const { config, weights } = await openCheckpoint(folder);
  try {
    const model = new ReferenceModel(config, weights);
    const errors: number[] = [];
    for (const { input_ids: ids, embedding } of golden.texts.slice(0, 8)) {
      errors.push(angle(await model.embedText(ids), embedding));
    }
    for (const { pixels_f32_base64: base64, embedding } of golden.images.slice(0, 3)) {
      const pixels = new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
      errors.push(angle(await model.embedImage(pixels), embedding));
    }
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  } finally {
    await weights.close();
  }
});

describe('a model without golden.json', () => {
  const folder = copyOf('hf-clip-micro');
  beforeAll(async () => {
    rmSync(path.join(folder, 'golden.json'));
    await compile(folder);
  });

  test('is not verified as long as nothing says that its scores are right', async () => {
    const checks = await verify(folder, runGraph);
    expect(checks.at(-1)).toMatchObject({
      name: 'reference',
      met: false,
      outcome: expect.stringContaining('Nothing says that its scores are right') as string,
    });
  });

  test('is compared with its own reference, and unverified', async () => {
    const steps: number[] = [];
    await writeSelfReference(folder, runGraph, {
      onProgress: ({ doneBytes, totalBytes }) => steps.push(doneBytes / totalBytes),
    });
    expect(steps.at(-1)).toBe(1);
    expect((await verify(folder, runGraph)).at(-1)).toMatchObject({
      name: 'self-reference',
      met: true,
      outcome: expect.stringMatching(/^fp32: 5 texts, 1 images: .*unverified/) as string,
    });
  });

  test('a graph that computes something else is found by it', async () => {
    const other = copyOf('hf-clip-micro');
    rmSync(path.join(other, 'golden.json'));
    await compile(other);
    await writeSelfReference(other, runGraph);
    const { modelHash } = await openModel(other);
    // As a mistake in the graphs would be: the same weights with another activation.
    const config = path.join(other, 'config.json');
    const json = JSON.parse(readFileSync(config, 'utf8')) as { text_config: object };
    json.text_config = { ...json.text_config, hidden_act: 'gelu' };
    writeFileSync(config, JSON.stringify(json));
    await compile(other);
    const file = path.join(other, 'self-reference.json');
    const kept = readFileSync(file, 'utf8');
    writeFileSync(file, kept.replace(modelHash, (await openModel(other)).modelHash));
    await expect(verify(other, runGraph)).rejects.toThrow(
      /fp32 embedding differs from self-reference\.json/,
    );
    // Of another checkpoint, it says nothing.
    writeFileSync(file, kept);
    expect((await verify(other, runGraph)).at(-1)).toMatchObject({ name: 'reference', met: false });
  });
});
