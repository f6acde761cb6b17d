import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/* What builds and runs this project from elsewhere is named by its content: a tag may be moved to something else. */

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Every line of the files in a folder that a pattern matches, with where it stands. */
function found(folder: string, pattern: RegExp): [place: string, name: string][] {
  return readdirSync(path.join(ROOT, folder)).flatMap((file) =>
    readFileSync(path.join(ROOT, folder, file), 'utf8')
      .split('\n')
      .flatMap((line, at): [string, string][] => {
        const name = pattern.exec(line)?.[1];
        return name === undefined ? [] : [[`${folder}/${file}:${String(at + 1)}`, name]];
      }),
  );
}

test('every action of CI is named by its commit, with the version that it is', () => {
  const actions = found('.github/workflows', /\buses:\s*(.*)$/);
  expect(actions.length).toBeGreaterThan(0);
  expect(
    actions.filter(([, name]) => !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$/.test(name)),
  ).toEqual([]);
});

test('every image is named by its digest, but for the one that is built here', () => {
  const images = [
    ...found('docker', /^\s*(?:ARG \w*IMAGE\w*=|image:\s*|FROM\s+)(\S+)/),
    // A front end of the build is an image too.
    ...found('docker', /^#\s*syntax\s*=\s*(\S+)/),
  ].filter(([, name]) => name !== 'gigarouter' && !name.startsWith('${'));
  expect(images.length).toBeGreaterThan(0);
  expect(images.filter(([, name]) => !/@sha256:[0-9a-f]{64}$/.test(name))).toEqual([]);
});
