// Unpacks the Chromium of an npm package, with the libraries that a slim image lacks, and prints how to start it:
// { executablePath, args, env }. A process of its own, as the package is an ES module that reads `import.meta`.
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import chromium, { inflate, setupLambdaEnvironment } from '@sparticuz/chromium';

const packed = path.join(
  path.dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))),
  '../bin',
);
const executablePath = await chromium.executablePath(packed);
await inflate(path.join(packed, 'al2023.tar.br'));
setupLambdaEnvironment(path.join(tmpdir(), 'al2023', 'lib'));
const { LD_LIBRARY_PATH, FONTCONFIG_PATH } = process.env;
const env = { LD_LIBRARY_PATH, FONTCONFIG_PATH };
process.stdout.write(
  JSON.stringify({ executablePath, args: ['--no-sandbox', '--disable-gpu'], env }),
);
