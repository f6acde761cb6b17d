// `build.mjs`: dist/server.js, which the api imports, and dist/assets/, which browsers load.
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = import.meta.dirname;
const to = path.join(root, 'dist');
const COMMON = { bundle: true, logLevel: 'warning', absWorkingDir: root };

rmSync(to, { recursive: true, force: true });
await build({
  ...COMMON,
  entryPoints: ['server/index.ts'],
  outfile: path.join(to, 'server.js'),
  format: 'esm',
  platform: 'node',
  target: 'node22',
  jsx: 'automatic',
  packages: 'external',
  sourcemap: 'linked',
  sourcesContent: false,
});
await build({
  ...COMMON,
  entryPoints: { public: 'src/ui/public.css' },
  outdir: path.join(to, 'assets'),
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  loader: { '.woff2': 'file' },
  minify: true,
  // Of 2023 on: `light-dark()` and nesting are left as they are.
  target: ['chrome123', 'firefox120', 'safari17.5'],
});
cpSync(path.join(root, 'src/ui/icon.svg'), path.join(to, 'icon.svg'));
