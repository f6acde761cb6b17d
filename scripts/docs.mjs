// The documentation as a site with search: `npm run docs` serves it while it is edited, `npm run docs -- build` writes it
// to docs/.vitepress/dist. Its packages are its own (docs/package.json): nothing else installs them.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { node, npmProgram, root, say } from './prepare.mjs';

const HELP = `npm run docs [-- build]

Serves the documentation with search on http://localhost:5173; build writes it to docs/.vitepress/dist instead.
DOCS_SOURCE_URL, e.g. https://git.example.org/gigarouter/blob/main, makes links to files of the repository work.
`;

const [command = 'dev', ...rest] = process.argv.slice(2);
if (!['dev', 'build'].includes(command) || rest.length > 0) {
  const asked = command === '--help' || command === '-h';
  (asked ? process.stdout : process.stderr).write(HELP);
  process.exit(asked ? 0 : 2);
}

const docs = path.join(root, 'docs');
function run(program, args) {
  const { status } = spawnSync(program, args, { cwd: docs, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
say('Installing the packages of the documentation …');
const npm = npmProgram();
run(npm.program, [
  ...npm.args,
  'install',
  '--no-save',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
]);
run(node(), [path.join(docs, 'node_modules/vitepress/bin/vitepress.js'), command]);
