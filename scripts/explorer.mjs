// The libraries of the GraphQL explorer. Four files of three packages are fetched, instead of the hundred packages that
// installing GraphiQL takes. Versions are changed here, and the hashes in explorer/SHA256SUMS with them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Files of each package, and what they are called here. React 18 is the last that comes as a plain script. */
const PACKAGES = {
  'graphiql@3.9.0': {
    'graphiql.min.js': 'graphiql.js',
    'graphiql.min.css': 'graphiql.css',
    LICENSE: 'graphiql.LICENSE',
  },
  'react@18.3.1': { 'umd/react.production.min.js': 'react.js', LICENSE: 'react.LICENSE' },
  'react-dom@18.3.1': { 'umd/react-dom.production.min.js': 'react-dom.js' },
};

/**
 * Fetches them into `explorer/vendor`, unless they are there; each has to have its hash.
 * @param root of the project
 * @param npm runs npm with these arguments in a folder
 */
export function fetchExplorer(root, npm, say) {
  const folder = path.join(root, 'explorer/vendor');
  const sums = new Map(
    readFileSync(path.join(root, 'explorer/SHA256SUMS'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('  ').reverse()),
  );
  if ([...sums].every(([name, sum]) => hashOf(path.join(folder, name)) === sum)) return;
  say('Fetching the GraphQL explorer …');
  const scratch = mkdtempSync(path.join(tmpdir(), 'explorer-'));
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, files] of Object.entries(PACKAGES)) {
      rmSync(path.join(scratch, 'package'), { recursive: true, force: true });
      npm(['pack', name, '--loglevel=error'], scratch);
      const archive = `${name.replace('@', '-')}.tgz`;
      execFileSync('tar', ['-xzf', archive], { cwd: scratch });
      for (const [from, to] of Object.entries(files)) {
        const target = path.join(folder, to);
        cpSync(path.join(scratch, 'package', from), `${target}.new`);
        withoutSourceMap(`${target}.new`);
        if (hashOf(`${target}.new`) !== sums.get(to)) {
          throw new Error(`${to} of ${name} is not what explorer/SHA256SUMS says.`);
        }
        renameSync(`${target}.new`, target);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Source maps stay out: three times the size of all the rest. */
function withoutSourceMap(file) {
  if (!file.endsWith('.js.new')) return;
  const text = readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '\n');
  writeFileSync(file, text);
}

function hashOf(file) {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return undefined;
  }
}
