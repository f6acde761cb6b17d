import { constants } from 'node:fs';
import { access, copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import { WEIGHTS_FILE } from './checkpoint.js';
import { CONFIG_FILE } from './config.js';
import { TOKENIZER_CONFIG_FILE, TOKENIZER_FILE } from './tokenizer-files.js';

/** What a model is published as, in the OpenCLIP layout. */
export const CHECKPOINT_FILES = {
  required: [CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE, TOKENIZER_CONFIG_FILE],
  optional: ['golden.json', 'README.md', 'LICENSE'],
} as const;

/**
 * Copies a checkpoint's files, sharing their bytes where the file system can do that.
 *
 * @throws AppError BAD_USER_INPUT that names the file that is missing; nothing is copied then
 */
export async function copyCheckpoint(source: string, folder: string): Promise<void> {
  const { required, optional } = CHECKPOINT_FILES;
  for (const name of required) {
    await access(path.join(source, name)).catch((cause: unknown) => {
      const message = `${source} has no ${name}: it is not in the OpenCLIP layout.`;
      throw new AppError('BAD_USER_INPUT', message, { cause });
    });
  }
  await mkdir(folder, { recursive: true });
  const there = await readdir(source);
  for (const name of [...required, ...optional].filter((one) => there.includes(one))) {
    await copyFile(path.join(source, name), path.join(folder, name), constants.COPYFILE_FICLONE);
  }
}
