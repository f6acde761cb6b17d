import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compile } from '../../src/siglip/index.js';
import { temporaryFolder } from '../support/folder.js';

/* Files that are well-formed and would make wrong answers, or none, or take all memory. */

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

type Damage = (folder: string) => void;

/** Changes a JSON file. @typeParam T what it holds, as the damage knows */
const edit =
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  <T>(name: string, change: (json: T) => void): Damage =>
    (folder) => {
      const file = path.join(folder, name);
      const json = JSON.parse(readFileSync(file, 'utf8')) as T;
      change(json);
      writeFileSync(file, JSON.stringify(json));
    };

interface TokenizerJson {
  added_tokens: object[];
  normalizer: object;
}
interface Index {
  weight_map: Record<string, string>;
}
type Settings = Record<string, unknown>;

const HUGGING_FACE = 'hf-siglip-micro';

test.each<[string, string, Damage, RegExp]>([
  [
    'deviations that make pixels infinite',
    'siglip-micro',
    edit<{ preprocess_cfg: { std: number[] } }>('open_clip_config.json', (json) => {
      json.preprocess_cfg.std = [0.5, 1e-308, 0.5];
    }),
    /preprocess_cfg\.std/,
  ],
  [
    'a token above the vocabulary',
    'siglip-micro',
    edit<TokenizerJson>('tokenizer.json', (json) => {
      json.added_tokens.push({ id: 2 ** 31, content: 'photo', special: true });
    }),
    /"photo" has the id 2147483648, which is not in the model’s vocabulary of 1200/,
  ],
  [
    'a tokenizer that makes a text grow beyond memory',
    'siglip-micro',
    edit<TokenizerJson>('tokenizer.json', (json) => {
      const step = { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(64) };
      json.normalizer = { type: 'Sequence', normalizers: [step, step, step, step, step, step] };
    }),
    /tokenizer\.json: normalizer\.normalizers\.0\.content/,
  ],
  [
    'an index that names a file elsewhere',
    HUGGING_FACE,
    edit<Index>('model.safetensors.index.json', (json) => {
      json.weight_map.logit_scale = '../other.safetensors';
    }),
    /model\.safetensors\.index\.json: weight_map\.logit_scale: must name a safetensors file/,
  ],
  [
    'a file of weights that is missing',
    HUGGING_FACE,
    edit<Index>('model.safetensors.index.json', (json) => {
      json.weight_map.logit_scale = 'model-00003-of-00003.safetensors';
    }),
    /There is no file model-00003-of-00003\.safetensors/,
  ],
  [
    'a file of weights that the index leaves out',
    HUGGING_FACE,
    edit<Index>('model.safetensors.index.json', (json) => {
      for (const name of Object.keys(json.weight_map)) {
        json.weight_map[name] = 'model-00001-of-00002.safetensors';
      }
    }),
    /The checkpoint has \d+ vision blocks|has no tensor/,
  ],
  [
    'another family',
    HUGGING_FACE,
    edit<Settings>('config.json', (json) => (json.model_type = 'bert')),
    /config\.json: model_type: "bert" is not supported/,
  ],
  [
    'an activation that is not implemented',
    HUGGING_FACE,
    edit<{ text_config: Settings }>('config.json', (json) => {
      json.text_config.hidden_act = 'relu';
    }),
    /config\.json: text_config\.hidden_act: "relu" is not supported/,
  ],
  [
    'another picture size than the model has',
    HUGGING_FACE,
    edit<Settings>('preprocessor_config.json', (json) => {
      json.size = { height: 32, width: 32 };
    }),
    /image_size is 28, but the size of preprocessor_config\.json is 32/,
  ],
  [
    'a vocabulary that is not the tokenizer’s',
    HUGGING_FACE,
    (folder) => {
      cpSync(path.join(FIXTURES, 'prompts.json'), path.join(folder, 'spiece.model'));
    },
    /spiece\.model (is damaged|is cut off|has)/,
  ],
])('%s is refused by name, and nothing is written', async (_name, fixture, damage, fault) => {
  const folder = copyOf(fixture);
  damage(folder);
  const before = readdirSync(folder);
  await expect(compile(folder)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringMatching(fault) as string,
  });
  expect(readdirSync(folder)).toEqual(before);
});

test('a byte-order mark before a config is no fault', async () => {
  const folder = copyOf(HUGGING_FACE);
  const file = path.join(folder, 'config.json');
  writeFileSync(file, `\uFEFF${readFileSync(file, 'utf8')}`);
  expect((await compile(folder)).layout).toBe('hugging_face');
});
