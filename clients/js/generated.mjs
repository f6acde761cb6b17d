// Generates clients from the running server's /openapi.json, compiles a program that uses them, and runs it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, cpSync } from 'node:fs';
import path from 'node:path';
import { check, dataUrl, key, picture, url } from './check.mjs';

const here = import.meta.dirname;
const folder = mkdtempSync(path.join(here, 'generated-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const tool = (name, ...args) => {
  try {
    execFileSync(process.execPath, [path.join(here, 'node_modules', name), ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  } catch (error) {
    const output = `${error.stdout}${error.stderr}`.slice(0, 3_000);
    throw new Error(`${name} failed:\n${output}`, { cause: error });
  }
};

const OPTIONS = {
  target: 'es2023',
  module: 'nodenext',
  strict: true,
  skipLibCheck: true,
  outDir: 'out',
};

/** Generated and compiled once, for both. */
let compiled;
function compile() {
  compiled ??= (async () => {
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS }));
    cpSync(path.join(here, 'generated.ts'), path.join(folder, 'generated.ts'));
    tool('openapi-typescript/bin/cli.js', `${url}/openapi.json`, '-o', 'openapi-types.ts');
    const hey = {
      input: `${url}/openapi.json`,
      output: { path: 'hey', module: { extension: '.js' } },
    };
    writeFileSync(path.join(folder, 'hey.mjs'), `export default ${JSON.stringify(hey)}`);
    tool('@hey-api/openapi-ts/bin/run.js', '-f', 'hey.mjs', '-s');
    tool('typescript/bin/tsc', '-p', '.');
    return import(path.join(folder, 'out/generated.js'));
  })();
  return compiled;
}

const given = { url, key, dataUrl, picture: new Blob([picture], { type: 'image/png' }) };

check(
  'openapi-fetch',
  'types by openapi-typescript: compile, upload, batch, stream, errors',
  async () => {
    const { useOpenApiFetch } = await compile();
    await useOpenApiFetch(given);
  },
);

check('@hey-api/openapi-ts', 'generated SDK: compile, upload, batch, stream, errors', async () => {
  const { useHeyApi } = await compile();
  await useHeyApi(given);
});
