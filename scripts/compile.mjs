// dist/, from src/, in a second: types are taken away and not looked at, `npm run check -- types` does that.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { transform } from '@swc/core';

const [from, to] = process.argv.slice(2);

/** Compiles one module, with its source map beside it. */
async function compile(name) {
  const source = path.join(from, name);
  const target = path.join(to, `${name.slice(0, -'.ts'.length)}.js`);
  const { code, map } = await transform(await readFile(source, 'utf8'), {
    filename: source,
    sourceFileName: path.relative(path.dirname(target), source),
    swcrc: false,
    sourceMaps: true,
    module: { type: 'es6' },
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      // As tsconfig.json: decorators name their types, imports are taken by the letter.
      transform: { legacyDecorator: true, decoratorMetadata: false, verbatimModuleSyntax: true },
    },
  });
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(`${target}.map`, map);
  await writeFile(target, `${code}//# sourceMappingURL=${path.basename(target)}.map\n`);
}

const names = await readdir(from, { recursive: true });
await Promise.all(
  names.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')).map(compile),
);
