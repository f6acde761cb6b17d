import { readFileSync } from 'node:fs';
import path from 'node:path';

export const url = process.env.GIGAROUTER_URL;
export const key = process.env.GIGAROUTER_KEY;
export const model = 'gigarouter/demo-shapes';
export const picture = readFileSync(process.env.GIGAROUTER_IMAGE);
export const dataUrl = `data:image/png;base64,${picture.toString('base64')}`;
export const question = 'Which of these is it: red circle, green heart or blue square?';
export const authorization = { authorization: `Bearer ${key}` };

/** A text that the account has not paid for before. */
export const newText = () => `text ${Math.random().toString(36).slice(2)}`;

const checks = [];

/** Registers a check of a package: it passes unless it throws. */
export function check(client, operation, run) {
  checks.push({ client, operation, run });
}

/** Runs all checks, or those of some packages; prints a line of JSON for each. */
export async function runChecks(only) {
  for (const { client, operation, run } of checks) {
    if (only.length > 0 && !only.includes(client)) continue;
    const line = { client, version: versionOf(client), operation };
    try {
      await withDeadline(run());
      print({ ...line, result: 'passed' });
    } catch (error) {
      print({ ...line, result: 'failed', detail: String(error?.stack ?? error).slice(0, 700) });
    }
  }
}

async function withDeadline(running) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('It did not end in two minutes.')), 120_000);
  });
  await Promise.race([running, late]).finally(() => clearTimeout(timer));
}

function print(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function versionOf(client) {
  const file = path.join(import.meta.dirname, 'node_modules', client, 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
