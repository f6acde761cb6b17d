#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which this project neither downloads nor needs.
// It answers every call with an error: when it only exits, `prisma migrate diff` reports success
// having done nothing.
import { createInterface } from 'node:readline';

const message =
  'This project does not use Prisma’s native schema engine. ' +
  'Apply migrations with `npm run gigarouter -- migrate`; `npm test` compares them with schema.prisma.';

process.stderr.write(`${message}\n`);
process.exitCode = 1;

for await (const line of createInterface({ input: process.stdin })) {
  const { id } = JSON.parse(line);
  const error = { code: 4466, message, data: { is_panic: false, message } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, error })}\n`);
}
