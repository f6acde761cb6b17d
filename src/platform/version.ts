import { readFileSync } from 'node:fs';
import path from 'node:path';

const file = path.resolve(import.meta.dirname, '../../package.json');

/** Of this package, as `1.2.3`. */
export const { version: VERSION } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
