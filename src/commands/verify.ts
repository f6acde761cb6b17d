import { Command } from 'commander';
import { ACCOUNT_CHECKS } from '../accounts/index.js';
import { BATCH_CHECKS } from '../batches/index.js';
import { type Say, startDatabase } from '../app/startup.js';
import { readConfig } from '../config/config.js';
import { LEDGER_CHECKS } from '../credits/index.js';
import { DEMAND_CHECKS } from '../demand/index.js';
import { PAYMENT_CHECKS } from '../payments/index.js';
import { type Finding, runChecks } from '../platform/checks.js';
import { openDatabase } from '../platform/database.js';
import { USAGE_CHECKS } from '../usage/index.js';

/** Longest check of a large ledger. */
const VERIFY_MS = 600_000;

/** `gigarouter verify`: checks what the ledger promises, on live data. Ends with 1 when anything is broken. */
export function verifyCommand(say: Say): Command {
  return new Command('verify')
    .option('--json', 'print the findings as JSON')
    .action(async ({ json }: { json?: true }) => {
      const config = readConfig();
      const server = await startDatabase(config, say);
      const database = openDatabase({
        url: server.url,
        connectionsMax: 1,
        statementTimeoutMs: VERIFY_MS,
        connectTimeoutMs: config.databaseConnectTimeoutMs,
      });
      try {
        const findings = await runChecks(database, [
          ...LEDGER_CHECKS,
          ...PAYMENT_CHECKS,
          ...BATCH_CHECKS,
          ...DEMAND_CHECKS,
          ...USAGE_CHECKS,
          ...ACCOUNT_CHECKS,
        ]);
        if (json) process.stdout.write(`${toJson(findings)}\n`);
        else for (const line of describeFindings(findings)) process.stdout.write(`${line}\n`);
        if (findings.some(isBroken)) process.exitCode = 1;
      } finally {
        await database.close();
        await server.stop();
      }
    });
}

/** One line a check, and a last one that sums up. */
export function describeFindings(findings: readonly Finding[]): string[] {
  const broken = findings.filter(isBroken);
  return [
    ...findings.map(
      (finding) =>
        `${isBroken(finding) ? 'BROKEN' : 'ok    '}  ${finding.invariant.padEnd(4)}  ${finding.checked.toString().padStart(9)}  ${finding.fact}${
          isBroken(finding)
            ? `: ${finding.broken.toString()}, as ${finding.examples.join(', ')}`
            : ''
        }`,
    ),
    broken.length === 0
      ? `${String(findings.length)} checks, no drift.`
      : `${String(broken.length)} of ${String(findings.length)} checks found drift.`,
  ];
}

function isBroken({ broken }: Finding): boolean {
  return broken > 0n;
}

function toJson(findings: readonly Finding[]): string {
  return JSON.stringify(findings, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
