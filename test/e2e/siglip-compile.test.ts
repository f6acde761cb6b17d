import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { compile, openModel, verify } from '../../src/siglip/index.js';
import { temporaryFolder } from '../support/folder.js';
import { runGraph } from '../support/onnx.js';

const FIXTURE = path.resolve(import.meta.dirname, '../fixtures/siglip-micro');
const CONFIG = 'open_clip_config.json';
const MANIFEST = 'gigarouter.json';
const WEIGHTS = 'open_clip_model.safetensors';

const temporary = temporaryFolder();
afterAll(() => {
  temporary.remove();
});
let count = 0;
function newFolder(): string {
  const folder = path.join(temporary.path, String(count++));
  mkdirSync(folder);
  return folder;
}
function micro(): string {
  const folder = newFolder();
  cpSync(FIXTURE, folder, { recursive: true });
  return folder;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Rewrites the checkpoint's header and data. */
function editWeights(
  folder: string,
  edit: (header: Record<string, Entry>, data: Buffer) => Buffer | undefined,
): void {
  const file = path.join(folder, WEIGHTS);
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, Entry>;
  const data = bytes.subarray(8 + length);
  const edited = edit(header, data) ?? data;
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(file, Buffer.concat([head, json, edited]));
}

const refusal = (fault: RegExp) => ({
  code: 'BAD_USER_INPUT',
  message: expect.stringMatching(fault) as string,
});

type Damage = (folder: string) => void;
const remove =
  (name: string): Damage =>
  (folder) => {
    rmSync(path.join(folder, name));
  };
const write =
  (name: string, content: string | Buffer): Damage =>
  (folder) => {
    writeFileSync(path.join(folder, name), content);
  };
const append =
  (name: string, content: string): Damage =>
  (folder) => {
    appendFileSync(path.join(folder, name), content);
  };
/** Changes one tensor's entry in the header. */
const editEntry =
  (name: string, edit: (entry: Entry, header: Record<string, Entry>) => void): Damage =>
  (folder) => {
    editWeights(folder, (header, data) => {
      const entry = header[name];
      if (entry === undefined) throw new Error(`${name} is not there.`);
      edit(entry, header);
      return data;
    });
  };
/** Changes one number of a tensor. */
const editValue =
  (name: string, index: number, value: number): Damage =>
  (folder) => {
    editWeights(folder, (header, data) => {
      const copy = Buffer.from(data);
      copy.writeFloatLE(value, (header[name]?.data_offsets[0] ?? NaN) + 4 * index);
      return copy;
    });
  };

const NORM = 'text.ln_final.weight';

describe('a checkpoint that is broken', () => {
  test.each<[string, Damage, RegExp]>([
    ['without weights', remove(WEIGHTS), /no file open_clip_model\.safetensors/],
    ['without a config', remove(CONFIG), /There is no file open_clip_config\.json/],
    ['with zero bytes', write(WEIGHTS, ''), /safetensors/],
    ['with half a length', write(WEIGHTS, Buffer.alloc(5)), /safetensors/],
    [
      'with a header past its end',
      write(WEIGHTS, Buffer.from('ffffff7f00000000', 'hex')),
      /safetensors/,
    ],
    [
      'with a header of all memory',
      write(WEIGHTS, Buffer.from('ffffffffffffffff', 'hex')),
      /safetensors/,
    ],
    [
      'cut off',
      (folder) => {
        truncateSync(path.join(folder, WEIGHTS), 100_000);
      },
      /tensor ".*cut off/,
    ],
    ['with bytes behind it', append(WEIGHTS, 'x'), /1 bytes follow/],
    [
      'with a tensor missing',
      editEntry(NORM, (entry, header) => {
        header.other = entry;
        Reflect.deleteProperty(header, NORM);
      }),
      /no tensor "text\.ln_final\.weight"/,
    ],
    [
      'with a tensor of another shape',
      editEntry('text.token_embedding.weight', ({ shape }) => shape.reverse()),
      /"text\.token_embedding\.weight" is/,
    ],
    [
      'with a NaN',
      editValue(NORM, 2, NaN),
      /tensor "text\.ln_final\.weight" is not finite at element 2/,
    ],
    ['with an infinite scale', editValue('logit_scale', 0, 1_000), /logit_scale/],
    [
      'with a config of other sizes',
      (folder) => {
        const json = readFileSync(path.join(folder, CONFIG), 'utf8');
        write(CONFIG, json.replace(/"vocab_size": \d+/, '"vocab_size": 999'))(folder);
      },
      /token_embedding/,
    ],
    [
      'that leads out of its folder',
      (folder) => {
        remove(WEIGHTS)(folder);
        symlinkSync(path.join(FIXTURE, WEIGHTS), path.join(folder, WEIGHTS));
      },
      /is a link to .* outside of its folder/,
    ],
  ])('%s is refused, and nothing is written', async (_name, damage, fault) => {
    const folder = micro();
    damage(folder);
    const before = readdirSync(folder);
    await expect(compile(folder)).rejects.toMatchObject(refusal(fault));
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('compiling', () => {
  test('again gives the same bytes', async () => {
    const folder = micro();
    const first = await compile(folder, { int8: true });
    expect(await compile(folder, { int8: true })).toEqual(first);
  });

  test('that is broken off leaves nothing, and the next one works', async () => {
    const folder = micro();
    const before = readdirSync(folder);
    const controller = new AbortController();
    const broken = compile(folder, {
      int8: true,
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === 'quantize') controller.abort(new Error('enough'));
      },
    });
    await expect(broken).rejects.toThrow('enough');
    expect(readdirSync(folder)).toEqual(before);
    await expect(openModel(folder)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await compile(folder);
    expect((await openModel(folder)).variants.int8).toBeUndefined();
  });

  test('twice at once gives one whole model', async () => {
    const folder = micro();
    await Promise.all([1, 2, 3].map(() => compile(folder, { int8: true })));
    expect(await verify(folder, runGraph)).toHaveLength(3);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('a compiled model', () => {
  const editManifest =
    (edit: (manifest: Record<string, unknown>) => object): Damage =>
    (folder) => {
      const json = readFileSync(path.join(folder, MANIFEST), 'utf8');
      write(MANIFEST, JSON.stringify(edit(JSON.parse(json) as Record<string, unknown>)))(folder);
    };

  test.each<[string, Damage, RegExp]>([
    ['whose graph was edited', append('image.onnx', 'x'), /image\.onnx is missing or has changed/],
    [
      'whose config was edited',
      append(CONFIG, ' '),
      /open_clip_config\.json is missing or has changed/,
    ],
    [
      'whose weights are another’s',
      append(WEIGHTS, 'x'),
      /open_clip_model\.safetensors is missing or has changed/,
    ],
    [
      'whose int8 weights are gone',
      remove('weights.int8.bin'),
      /int8\.bin is missing or has changed/,
    ],
    [
      'of another version',
      editManifest((manifest) => ({ ...manifest, recipe: 0 })),
      /another version: compile it again/,
    ],
    [
      'that names a file elsewhere',
      editManifest((m) => ({
        ...m,
        configs: [{ ...(m.configs as object[])[0], file: '../x' }],
      })),
      /plain file name/,
    ],
    ['whose manifest is broken', write(MANIFEST, '{'), /not JSON/],
  ])('%s is refused', async (_name, damage, fault) => {
    const folder = micro();
    await compile(folder, { int8: true });
    damage(folder);
    await expect(openModel(folder)).rejects.toMatchObject(refusal(fault));
  });

  test('with a bit turned in its weights is found by verify', async () => {
    const folder = micro();
    await compile(folder);
    const file = path.join(folder, WEIGHTS);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(file, bytes);
    await expect(verify(folder, runGraph)).rejects.toMatchObject(refusal(/SHA-256 differs/));
  });

  test.each([
    ['embedding', /its fp32 embedding differs/],
    ['logits', /its fp32 logits differ/],
    ['input_ids', /its ids differ/],
  ])('whose golden %s differ is found by verify', async (field, fault) => {
    const folder = micro();
    await compile(folder);
    const file = path.join(folder, 'golden.json');
    const golden = JSON.parse(readFileSync(file, 'utf8')) as Record<
      string,
      Record<string, number[]>[]
    >;
    const values = golden[field === 'logits' ? 'images' : 'texts']?.[0]?.[field] ?? [];
    values[0] = (values[0] ?? 0) + 1;
    writeFileSync(file, JSON.stringify(golden));
    await expect(verify(folder, runGraph)).rejects.toMatchObject(refusal(fault));
  });
});
