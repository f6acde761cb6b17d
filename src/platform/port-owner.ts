import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { commandOf } from './processes.js';

/**
 * Who listens on a TCP port of this machine, as "process 123 (node server.js)"; undefined when the
 * system does not say, as for another user's process.
 */
export function portOwner(port: number): string | undefined {
  const pid = process.platform === 'linux' ? listenerOnLinux(port) : listenerByLsof(port);
  if (pid === undefined) return undefined;
  const command = commandOf(pid);
  return `process ${String(pid)}${command === undefined ? '' : ` (${command.slice(0, 120)})`}`;
}

/** The socket's inode from the kernel's table, then the process that holds it open (man 5 proc). */
function listenerOnLinux(port: number): number | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = '0A';
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    read(table).split('\n').slice(1),
  );
  const inode = rows
    .map((row) => row.trim().split(/\s+/))
    .find(
      ([, local, , state]) => local?.endsWith(`:${hexPort}`) === true && state === listening,
    )?.[9];
  if (inode === undefined) return undefined;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => holdsSocket(pid, inode));
}

function holdsSocket(pid: number, inode: string): boolean {
  const folder = `/proc/${String(pid)}/fd`;
  try {
    return readdirSync(folder).some(
      (fd) => readlinkSync(`${folder}/${fd}`) === `socket:[${inode}]`,
    );
  } catch {
    return false; // Another user's process, or one that has just ended.
  }
}

function listenerByLsof(port: number): number | undefined {
  try {
    return Number(
      execFileSync('lsof', ['-nPt', `-iTCP:${String(port)}`, '-sTCP:LISTEN'], {
        encoding: 'utf8',
      }).split('\n')[0],
    );
  } catch {
    return undefined;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
