import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { compile } from '../../src/siglip/index.js';
import { temporaryFolder } from './folder.js';

const FIXTURE = path.resolve(import.meta.dirname, '../fixtures/siglip-micro');

/** A folder of models with one in it, `test/micro`, compiled with both variants by default. */
export async function modelsFolder({ int8 = true } = {}): Promise<{
  path: string;
  remove(): void;
}> {
  const folder = temporaryFolder();
  const model = path.join(folder.path, 'test/micro');
  mkdirSync(model, { recursive: true });
  cpSync(FIXTURE, model, { recursive: true });
  await compile(model, { int8 });
  return folder;
}
