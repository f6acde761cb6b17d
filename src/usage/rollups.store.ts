import type { Database } from '../platform/database.js';

type Writer = Pick<Database, 'prisma'>;

/**
 * One turn of `usage_roll_up_turn`: one transaction, which one process at a time is in. Reads runs as they are
 * committed and locks none; what is over cannot change but by what leaves a mark.
 * @returns how many hours were rolled up
 */
export async function rollUpTurn({ prisma }: Writer, hoursMax: number): Promise<number> {
  const [, rows] = await prisma.$transaction([
    withoutTimeLimit(prisma),
    prisma.$queryRaw<{ hours: number }[]>`SELECT usage_roll_up_turn(${hoursMax}::int) AS hours`,
  ]);
  return rows[0]?.hours ?? 0;
}

/** Rolls up the hours in [from, to) anew that are over. Waits for a turn in hand. @returns how many hours */
export async function rebuild({ prisma }: Writer, from: Date, to: Date): Promise<number> {
  const [, rows] = await prisma.$transaction([
    withoutTimeLimit(prisma),
    prisma.$queryRaw<
      { hours: number }[]
    >`SELECT usage_rebuild(${from.toISOString()}::timestamptz, ${to.toISOString()}::timestamptz) AS hours`,
  ]);
  return rows[0]?.hours ?? 0;
}

/** Moves the fence on. @returns the whole hours of which everything is known: from the first to the end of the last */
export async function closedHours({ prisma }: Writer): Promise<{ from: Date; to: Date }> {
  await prisma.$queryRaw`SELECT usage_close()`;
  const [row] = await prisma.$queryRaw<{ from: Date; to: Date }[]>`
    SELECT f.first_hour AS "from", greatest(f.first_hour, date_trunc('hour', f.closed_until, 'UTC')) AS "to"
      FROM usage_fence f`;
  if (row === undefined) throw new Error('There is no fence of usage.');
  return row;
}

/** The hours of a busy day take longer than a statement of a request may. */
function withoutTimeLimit(prisma: Writer['prisma']) {
  return prisma.$executeRaw`SET LOCAL statement_timeout = '15min'`;
}
