// The obvious way, as a peer: an interactive Prisma transaction for the hold and one for the capture,
// which write what ours write. Both lock the balance first, so that it is as exact.

/** Sets credit aside. @returns false when there is not enough */
export function hold(prisma, { runId, accountId, nanos, key, details }) {
  return prisma.$transaction(
    async (tx) => {
      const [balance] =
        await tx.$queryRaw`SELECT posted, held FROM account_balance WHERE account_id = ${accountId} FOR UPDATE`;
      if (balance.posted - balance.held < nanos) return false;
      // Raw, so that the partial index is used: Prisma's own query reads all runs of the account.
      const done =
        await tx.$queryRaw`SELECT id FROM run WHERE account_id = ${accountId} AND idempotency_key = ${key} AND outcome = 'CAPTURED'`;
      if (done.length > 0) return false;
      const now = new Date();
      await tx.hold.create({
        data: {
          id: runId,
          accountId,
          amount: nanos,
          idempotencyKey: key,
          requestHash: Buffer.alloc(32, 1),
          details,
          createdAt: now,
          expiresAt: new Date(now.getTime() + 60_000),
        },
      });
      await tx.accountBalance.update({
        where: { accountId },
        data: { held: { increment: nanos } },
      });
      return true;
    },
    { maxWait: 60_000, timeout: 60_000 },
  );
}

/** Charges a run that is held. */
export function capture(prisma, { runId, accountId, nanos, details, result }) {
  return prisma.$transaction(
    async (tx) => {
      const [balance] =
        await tx.$queryRaw`SELECT posted, held, version FROM account_balance WHERE account_id = ${accountId} FOR UPDATE`;
      const held = await tx.hold.delete({ where: { id: runId } });
      const lot = await tx.creditLot.findFirst({
        where: { accountId, remaining: { gte: nanos } },
        orderBy: [{ priority: 'asc' }, { expiresAt: 'asc' }, { createdAt: 'asc' }],
      });
      const now = new Date();
      await tx.run.create({
        data: {
          id: runId,
          accountId,
          outcome: 'CAPTURED',
          held: held.amount,
          charged: nanos,
          idempotencyKey: held.idempotencyKey,
          requestHash: held.requestHash,
          details: { ...held.details, ...details },
          result,
          startedAt: held.createdAt,
          endedAt: now,
        },
      });
      await tx.journalTransaction.create({
        data: { id: runId, accountId, kind: 'USAGE', createdAt: now },
      });
      await tx.journalEntry.createMany({
        data: [
          {
            transactionId: runId,
            line: 1,
            ledgerAccount: accountId,
            amount: -nanos,
            lotId: lot.id,
            balanceAfter: balance.posted - nanos,
            version: balance.version + 1n,
          },
          { transactionId: runId, line: 2, ledgerAccount: 'system:revenue', amount: nanos },
        ],
      });
      await tx.creditLot.update({
        where: { id: lot.id },
        data: { remaining: { decrement: nanos } },
      });
      await tx.outboxMessage.create({
        data: {
          id: `usage:${runId}`,
          kind: 'usage',
          accountId,
          payload: { runId, nanos: String(nanos) },
          createdAt: now,
        },
      });
      await tx.accountBalance.update({
        where: { accountId },
        data: {
          posted: { decrement: nanos },
          held: { decrement: held.amount },
          version: { increment: 1 },
        },
      });
    },
    { maxWait: 60_000, timeout: 60_000 },
  );
}
