import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../support/folder.js';
import { postGraphQL, errorOf } from '../support/app.js';
import { mailsTo, type Person, signUp, VERIFY } from '../support/people.js';
import { killLeftServers, startServer, until } from '../support/process.js';

/** Every example of these documents is executed, and answered as it says. */
const ROOT = path.resolve(import.meta.dirname, '../..');
const PAGES = readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
const DOCUMENTS = ['README.md', ...PAGES.map((name) => `docs/${name}`)];
/** Programs that never end: docs.test.ts runs them. */
const LASTING = ['docs/live.md', 'docs/webhooks.md'];
const folder = temporaryFolder();
let url: string;
let person: Person;

/** What other tests run, or what needs what is not here. */
const ELSEWHERE: readonly RegExp[] = [
  /^npm start$/, // start.test.ts
  /^npm test$/,
  /^npm run gigarouter -- models (search|pull|verify) /m, // models-pull.test.ts, models-choose.test.ts
  /^npm run test:clients/, // needs other package registries
  /^npm test .*every test/, // the commands of the tests themselves
  /^(systemd-run|mkdir \/sys|taskset|files=|apt-get)/, // change the machine
  /^gigarouter models pull/, // models-pull.test.ts and admin-models-commands.test.ts, on a copy of the catalog
  /^git pull/,
  /^tar /, // of a server that is stopped
  /^pg_dump/, // of an installed PostgreSQL
];

/** What a person does in the browser before a command: follows the link in the mail, and chooses a password. */
const BEFORE: readonly (readonly [RegExp, () => Promise<void>])[] = [
  [
    /signIn\(input: \{ email: \\"ada@example\.org\\"/,
    async () => {
      const mail = await until('the mail to Ada', () =>
        mailsTo(path.join(folder.path, 'outbox'), 'ada@example.org').find(
          ({ token }) => token !== '',
        ),
      );
      const { body } = await postGraphQL(url, {
        query: VERIFY,
        variables: { token: mail.token, password: 'correct horse battery' },
      });
      expect(errorOf({ body })).toBeUndefined();
    },
  ],
];

beforeAll(async () => {
  const server = startServer({ DATA_DIR: folder.path, STRIPE_DOUBLE_PORT: '0' });
  url = await server.ready();
  await until('the model to be ready', async () => {
    const ready = await fetch(`${url}/v2/models/gigarouter/demo-shapes/ready`);
    return ready.status === 200 ? true : undefined;
  });
  const outboxDir = path.join(folder.path, 'outbox');
  person = await signUp({ url, outboxDir }, 'reader@example.org');
});
afterAll(async () => {
  await killLeftServers();
  folder.remove();
});

interface Block {
  readonly language: string;
  readonly code: string;
  /** The block that follows, when nothing but a blank line is between: what it answers. */
  readonly answer: string | undefined;
}

function blocks(): Block[] {
  return DOCUMENTS.filter((file) => !LASTING.includes(file)).flatMap(blocksOf);
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const all = [
    ...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$(?=(?:\n\n```(\w*)\n([\s\S]*?)^```$)?)/gm),
  ];
  return all.map(([, language = '', code = '', next, answer]) => ({
    language,
    code: code.trim(),
    answer: next === 'json' || next === '' ? answer : undefined,
  }));
}

const run = async (command: string) => {
  const here = command
    .replaceAll('http://localhost:4000', url)
    .replaceAll('.data/', `${folder.path}/`)
    .replaceAll('npm run gigarouter -- ', `${process.execPath} dist/cli.js `);
  const { stdout, stderr } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', here], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', DATA_DIR: folder.path, STRIPE_DOUBLE_PORT: '0' },
  });
  return { stdout, said: stdout + stderr };
};

const runProgram = async (code: string) => {
  const here = code
    .replaceAll('http://localhost:4000', url)
    .replaceAll('.data/', `${folder.path}/`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', here],
    { cwd: ROOT },
  );
  return stdout;
};

const commands = blocks().filter(
  ({ language, code }) => language === 'sh' && !ELSEWHERE.some((other) => other.test(code)),
);
test.each(commands.map(({ code, answer }) => [code, answer] as const))(
  '%s',
  async (code, answer) => {
    for (const [pattern, act] of BEFORE) if (pattern.test(code)) await act();
    const { stdout: out, said } = await run(code);
    if (code.startsWith('npm run')) expect(said).not.toBe('');
    else expect(answerOf(out)).not.toHaveProperty('errors');
    if (answer?.startsWith('{') === true)
      expect(shapeOf(answerOf(out))).toEqual(shapeOf(answerOf(answer)));
    else if (answer !== undefined) expect(out.trim()).toBe(answer.trim());
  },
);

const programs = blocks().filter(({ language }) => language === 'js');
test.each(programs.map(({ code, answer }) => [code, answer] as const))(
  '%s',
  async (code, answer) => {
    expect((await runProgram(code)).trim()).toBe(answer?.trim());
  },
);

const operations = blocks().filter(({ language }) => language === 'graphql');
test.each(operations.map(({ code }) => [code]))('%s', async (code) => {
  const { body } = await person.gql(code);
  expect(errorOf({ body })).toBeUndefined();
});

test('nothing was left out', () => {
  expect(commands.length).toBeGreaterThan(5);
  expect(operations.length).toBeGreaterThan(4);
  expect(programs.length).toBeGreaterThan(1);
  const languages = new Set(blocks().map(({ language }) => language));
  expect([...languages].sort()).toEqual(['', 'graphql', 'ini', 'js', 'json', 'mermaid', 'sh']);
});

function answerOf(text: string): object {
  return JSON.parse(text) as object;
}

/** Ids, addresses and times differ from day to day, and floats in their last digits; all else is compared. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, one]: [string, unknown]) => [
        name,
        /(?:^|_)(?:id|created|at|url)$|Url$/i.test(name) ? typeof one : shapeOf(one),
      ]),
    );
  }
  return typeof value === 'number' && !Number.isInteger(value)
    ? // Processors differ in the last digits, above all of scores next to nothing.
      Number(value.toPrecision(3))
    : value;
}
