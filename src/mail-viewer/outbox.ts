import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import PostalMime from 'postal-mime';

/** A mail that was written to the outbox folder. */
export interface OutboxMail {
  /** Its file, without `.eml`. */
  readonly id: string;
  readonly writtenAt: Date;
  readonly to: string;
  readonly subject: string;
  /** Decoded, as a mail program shows it. */
  readonly text: string;
}

const EXTENSION = '.eml';

/** @param max mails to list. @returns the newest first; empty as long as there is no folder */
export async function listMails(outboxDir: string, max: number): Promise<OutboxMail[]> {
  const names = await readdir(outboxDir).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith(EXTENSION))
      .map(async (name) => ({
        name,
        writtenAt: (await stat(path.join(outboxDir, name))).mtime,
      })),
  );
  const newest = files
    .sort((a, b) => b.writtenAt.getTime() - a.writtenAt.getTime() || (a.name < b.name ? 1 : -1))
    .slice(0, max);
  return Promise.all(newest.map(({ name, writtenAt }) => readMail(outboxDir, name, writtenAt)));
}

/** @returns undefined when there is no such mail */
export async function findMail(outboxDir: string, id: string): Promise<OutboxMail | undefined> {
  // Compared with the names in the folder, so that no id leads out of it.
  const all = await readdir(outboxDir).catch(() => []);
  const name = all.find((one) => one === `${id}${EXTENSION}`);
  if (name === undefined) return undefined;
  return readMail(outboxDir, name, (await stat(path.join(outboxDir, name))).mtime);
}

async function readMail(outboxDir: string, name: string, writtenAt: Date): Promise<OutboxMail> {
  const {
    to = [],
    subject = '',
    text = '',
  } = await PostalMime.parse(await readFile(path.join(outboxDir, name)));
  return {
    id: name.slice(0, -EXTENSION.length),
    writtenAt,
    to: to.map(({ address = '' }) => address).join(', '),
    subject,
    text,
  };
}
