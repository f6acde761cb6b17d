// cspell:ignore שלום
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { parseOpenClip } from './layouts/open-clip.js';
import { canonicalText } from './text-clean.js';
import { Tokenizer } from './tokenizer.js';

interface Prompts {
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

interface TokenizerJson {
  normalizer: { type: string; precompiled_charsmap?: string; [step: string]: unknown };
  model: { type: string; byte_fallback: boolean; unk_id: number; vocab: unknown[] };
  pre_tokenizer: unknown;
  post_processor: unknown;
  decoder: unknown;
}

const FIXTURES = path.resolve(import.meta.dirname, '../../test/fixtures');
const MICRO = path.join(FIXTURES, 'siglip-micro');
const SIZES = { contextLength: 64, vocabSize: 1200 };
const prompts = JSON.parse(readFileSync(path.join(FIXTURES, 'prompts.json'), 'utf8')) as Prompts;
const tokenizerJson = readFileSync(path.join(MICRO, 'tokenizer.json'), 'utf8');
const configJson = readFileSync(path.join(MICRO, 'tokenizer_config.json'), 'utf8');
const config = parseOpenClip(readFileSync(path.join(MICRO, 'open_clip_config.json'), 'utf8'));
const tokenizer = Tokenizer.parse(tokenizerJson, configJson, SIZES);

test.each(prompts.texts.map(({ text, ids }) => [text, ids] as const))(
  '%j has the ids of the reference',
  async (text, ids) => {
    const wanted = [...ids, ...new Array<number>(64 - ids.length).fill(1)];
    expect(await idsOf(text)).toEqual(wanted);
  },
);

test('many prompts are rows of one array, duplicates and empty ones included', async () => {
  const texts = ['cat', '', 'cat', 'dog', 'a'.repeat(5000)].map(canonicalText);
  const together = await tokenizer.encode(texts);
  expect(together).toBeInstanceOf(BigInt64Array);
  expect(together).toHaveLength(5 * 64);
  const alone = await Promise.all(texts.map((text) => tokenizer.encode([text])));
  expect([...together]).toEqual(alone.flatMap((row) => [...row]));
});

test('no prompts are an empty array', async () => {
  expect(await tokenizer.encode([])).toHaveLength(0);
});

test('a cut text keeps its end token, at any context length', async () => {
  for (const contextLength of [1, 2, 16, 64]) {
    const short = Tokenizer.parse(tokenizerJson, configJson, { ...SIZES, contextLength });
    const ids = await short.encode(['word '.repeat(100).trim()]);
    expect(ids).toHaveLength(contextLength);
    expect(ids.at(-1)).toBe(1n);
    expect([...ids.slice(0, -1)]).not.toContain(1n);
  }
});

test('a text cannot smuggle a special token in', async () => {
  for (const text of ['cat</s>dog', 'cat＜/s＞dog', 'cat﹤/s﹥dog', '<pad>', '&lt;/s&gt;cat']) {
    const ids = await idsOf(text);
    expect(ids).not.toContain(0);
    expect(ids.slice(ids.indexOf(1))).toEqual(ids.slice(ids.indexOf(1)).map(() => 1));
  }
});

test('an id outside of the model’s vocabulary is never sent', async () => {
  const small = Tokenizer.parse(tokenizerJson, configJson, { ...SIZES, vocabSize: 20 });
  await expect(small.encode(['a photo of a cat'])).rejects.toThrow(/not in the vocabulary of 20/);
});

test('the event loop runs while long prompts are encoded, and an abort ends it', async () => {
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  const controller = new AbortController();
  const long = new Array<string>(50).fill('a'.repeat(2000));
  await tokenizer.encode(long, controller.signal);
  clearInterval(count);
  expect(turns).toBeGreaterThan(2);
  const work = tokenizer.encode(long, controller.signal);
  controller.abort(new Error('gone'));
  await expect(work).rejects.toThrow('gone');
});

test('a table of replacements inside of a sequence is read too', async () => {
  const inSequence = Tokenizer.parse(
    changed((json) => {
      json.normalizer = { type: 'Sequence', normalizers: [json.normalizer, { type: 'NFC' }] };
    }),
    configJson,
    SIZES,
  );
  const family = ['👩\u200d👩\u200d👧'];
  expect([...(await inSequence.encode(family))]).toEqual([...(await tokenizer.encode(family))]);
});

test('special tokens may be written as objects', async () => {
  const config = JSON.stringify({ eos_token: { content: '</s>' }, pad_token: { content: '</s>' } });
  const ids = await Tokenizer.parse(tokenizerJson, config, SIZES).encode(['cat']);
  expect([...ids]).toEqual([...(await tokenizer.encode(['cat']))]);
});

test('the pad token is the config’s', async () => {
  const config = JSON.stringify({ eos_token: '</s>', pad_token: '<pad>' });
  const ids = await Tokenizer.parse(tokenizerJson, config, SIZES).encode(['']);
  expect([...ids]).toEqual([1n, ...new Array<bigint>(63).fill(0n)]);
});

describe('refused with a clear message', () => {
  test.each<[string, (json: TokenizerJson) => void, RegExp]>([
    [
      'another model',
      (json) => (json.model.type = 'WordPiece'),
      /tokenizer\.json: model\.type: must be Unigram/,
    ],
    [
      'byte fallback',
      (json) => (json.model.byte_fallback = true),
      /model\.byte_fallback: must be false/,
    ],
    ['no vocabulary', (json) => (json.model.vocab = []), /tokenizer\.json: model\.vocab/],
    ['no end token', (json) => (json.post_processor = null), /does not end a text with "<\/s>"/],
    [
      'a damaged table',
      (json) => (json.normalizer.precompiled_charsmap = '////'),
      /precompiled_charsmap is damaged/,
    ],
    [
      'an unknown token outside of it',
      (json) => (json.model.unk_id = 1200),
      /model\.unk_id: is not in/,
    ],
    [
      'a piece of 200 characters',
      (json) => (json.model.vocab = [['a'.repeat(200), -1]]),
      /model\.vocab\.0\.0/,
    ],
    [
      'a score beyond all numbers',
      (json) => (json.model.vocab = [['a', '1e999']]),
      /model\.vocab\.0\.1/,
    ],
    [
      'no table',
      (json) => (json.normalizer = { type: 'Precompiled' }),
      /precompiled_charsmap is damaged/,
    ],
    [
      'an expression that takes for ever',
      (json) => {
        json.normalizer = { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' };
      },
      /normalizer\.pattern\.Regex: "\(a\+\)\+\$" is not read/,
    ],
    [
      'an expression that splits',
      (json) => Object.assign(json, { pre_tokenizer: { type: 'Split' } }),
      /pre_tokenizer\.type/,
    ],
    [
      'no space before the first word',
      (json) =>
        Object.assign(json, { pre_tokenizer: { type: 'Metaspace', add_prefix_space: false } }),
      /pre_tokenizer\.add_prefix_space/,
    ],
    ['an unknown normalizer', (json) => (json.normalizer = { type: 'Nmt' }), /normalizer\.type/],
  ])('%s', (_, change, message) => {
    expect(() => Tokenizer.parse(changed(change), configJson, SIZES)).toThrow(message);
  });

  test.each([
    ['no JSON', '{', /tokenizer_config\.json is not JSON/],
    ['no pad token', '{"eos_token":"</s>"}', /tokenizer_config\.json: pad_token/],
    ['an unknown token', '{"eos_token":"</s>","pad_token":"<x>"}', /no token "<x>"/],
  ])('a config with %s', (_, config, message) => {
    expect(() => Tokenizer.parse(tokenizerJson, config, SIZES)).toThrow(message);
  });

  test('a folder without the files', async () => {
    await expect(Tokenizer.open(FIXTURES, config)).rejects.toThrow(
      'There is no file tokenizer.json.',
    );
  });
});

test('a table of replacements of any bytes ends every search', async () => {
  const bytes = Buffer.from(
    (JSON.parse(tokenizerJson) as { normalizer: { precompiled_charsmap: string } }).normalizer
      .precompiled_charsmap,
    'base64',
  );
  for (let at = 4; at < bytes.length; at += 1 + (at % 7)) bytes[at] = (at * 31) & 0xff;
  const odd = Tokenizer.parse(
    changed((json) => (json.normalizer.precompiled_charsmap = bytes.toString('base64'))),
    configJson,
    SIZES,
  );
  expect(await odd.encode(prompts.texts.map(({ text }) => canonicalText(text)))).toHaveLength(
    prompts.texts.length * 64,
  );
});

test('a file as deep as the stack is refused', () => {
  const deep = '{"type":"Sequence","decoders":['.repeat(100_000) + ']}'.repeat(100_000);
  const json = changed((file) => (file.decoder = 'deep')).replace('"deep"', deep);
  expect(() => Tokenizer.parse(json, configJson, SIZES)).toThrow('is of an unknown kind');
});

test.each(['[]', '1', 'null', '"x"', '{}', '{"model":{}}'])('%s is no tokenizer.json', (json) => {
  expect(() => Tokenizer.parse(json, configJson, SIZES)).toThrow(/^tokenizer\.json: /);
});

test('any text is as many ids of the vocabulary as the context takes, the last one the end', async () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'a photo of ',
      '👩\u200d👩\u200d👧',
      '\0',
      '\ud83d',
      'שלום',
      '&lt;/s&gt;',
      '\u202e',
      '\u200d',
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 30 }), async (parts) => {
      const ids = await idsOf(parts.join(''));
      expect(ids).toHaveLength(SIZES.contextLength);
      expect(ids.every((id) => id > 0 && id < SIZES.vocabSize)).toBe(true);
      expect(ids.at(-1)).toBe(1);
      expect(ids.slice(ids.indexOf(1)).every((id) => id === 1)).toBe(true);
    }),
  );
});

/** Ids by the Rust library tokenizers 0.23. */
test('the steps that other converters write are read', async () => {
  const withSteps = Tokenizer.parse(
    changed((json) => {
      const strip = { type: 'Strip', strip_left: false, strip_right: true };
      const spaces = { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' };
      json.normalizer = { type: 'Sequence', normalizers: [json.normalizer, strip, spaces] };
      json.pre_tokenizer = { type: 'Metaspace', replacement: '▁', add_prefix_space: true };
    }),
    configJson,
    { ...SIZES, contextLength: 5 },
  );
  const ids = await withSteps.encode(['a cat', '', '  a   cat ', '\u200d']);
  expect(Array.from(ids, Number)).toEqual(
    [
      [27, 3, 19, 50, 1],
      [1, 1, 1, 1, 1],
      [27, 3, 19, 50, 1],
      [3, 863, 1, 1, 1],
    ].flat(),
  );
});

async function idsOf(text: string): Promise<number[]> {
  return Array.from(await tokenizer.encode([canonicalText(text)]), Number);
}

function changed(change: (json: TokenizerJson) => void): string {
  const json = JSON.parse(tokenizerJson) as TokenizerJson;
  change(json);
  return JSON.stringify(json);
}
