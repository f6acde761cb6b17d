import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const SYSTEM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((file) => existsSync(file));

/** Of the npm package, which is for one kind of machine. */
const isPackaged = process.platform === 'linux' && process.arch === 'x64';

interface Launch {
  readonly executablePath: string;
  readonly args: string[];
  readonly env?: Record<string, string>;
}

/**
 * Tests that need a browser: the system's, else the package's. Where neither runs they say so and are left out; in CI they
 * fail instead.
 */
export function describeInChromium(name: string, tests: () => void): void {
  if (SYSTEM === undefined && !isPackaged && process.env.CI === undefined) {
    process.stderr.write(`SKIPPED, as there is no Chromium: ${name}\n`);
    describe.skip(name, tests);
  } else describe(name, tests);
}

export function launchChromium(): Promise<Browser> {
  const { executablePath, args, env = {} } = SYSTEM === undefined ? unpack() : system(SYSTEM);
  return chromium.launch({ executablePath, args, env: { ...process.env, ...env } });
}

function system(executablePath: string): Launch {
  return { executablePath, args: ['--no-sandbox'] };
}

function unpack(): Launch {
  if (!isPackaged) throw new Error('Chromium not found. Install it.');
  const script = path.join(import.meta.dirname, 'packaged-chromium.mjs');
  return JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' })) as Launch;
}
