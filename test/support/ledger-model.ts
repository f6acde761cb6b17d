import type { HoldCommand, PostCommand, SettleCommand } from '../../src/credits/movement.js';

interface Lot {
  id: string;
  left: bigint;
  priority: number;
  expires: number;
  created: number;
}
interface Hold {
  amount: bigint;
  at: number;
  ends: number;
  key: string | undefined;
}
interface Run {
  outcome: 'CAPTURED' | 'VOIDED' | 'EXPIRED';
  held: bigint;
  charged: bigint;
  key: string | undefined;
}

const least = (...values: bigint[]) => values.reduce((a, b) => (a < b ? a : b));
const atLeast0 = (value: bigint) => (value > 0n ? value : 0n);
/** 10:00 < 9:00 for numbers, then for whatever comes next. */
const by =
  <T>(...keys: ((item: T) => number | string)[]) =>
  (a: T, b: T) => {
    for (const key of keys) {
      if (key(a) < key(b)) return -1;
      if (key(a) > key(b)) return 1;
    }
    return 0;
  };

/**
 * One account of the ledger as plain code, for the database to be compared with. Times are milliseconds.
 * Says what each command must answer, and what is there afterwards.
 */
export class AccountModel {
  posted = 0n;
  debt = 0n;
  readonly lots: Lot[] = [];
  readonly holds = new Map<string, Hold>();
  readonly runs = new Map<string, Run>();
  private readonly posts = new Map<string, string>();

  get held(): bigint {
    return [...this.holds.values()].reduce((sum, { amount }) => sum + amount, 0n);
  }

  /** Books what expired lots have lost: all that no hold from before their expiry needs. */
  expire(now: number): void {
    let spare = atLeast0(this.posted + this.debt - this.held);
    let kept = 0n;
    const expired = this.lots.filter((lot) => lot.left > 0n && lot.expires <= now);
    for (const lot of expired.sort(
      by(
        (one) => one.expires,
        (one) => one.id,
      ),
    )) {
      let older = 0n;
      for (const hold of this.holds.values()) if (hold.at < lot.expires) older += hold.amount;
      const keeps = atLeast0(least(lot.left, older - kept));
      kept += keeps;
      const lost = least(lot.left - keeps, spare);
      spare -= lost;
      lot.left -= lost;
      this.posted -= lost;
    }
  }

  post(command: PostCommand, now: number): string {
    const said = `${command.kind} ${String(command.nanos)}`;
    const before = this.posts.get(command.id);
    if (before !== undefined) return before === said ? 'EXISTS' : 'MISMATCH';
    this.expire(now);
    if (command.nanos > 0n) {
      const pays = least(this.debt, command.nanos);
      this.debt -= pays;
      this.lots.push({
        id: command.id,
        left: command.nanos - pays,
        priority: command.priority ?? 50,
        expires: command.expiresAt?.getTime() ?? Infinity,
        created: now,
      });
    } else {
      let rest = -command.nanos;
      let spare = this.posted + this.debt - this.held;
      if (rest > spare && command.kind !== 'REFUND' && command.kind !== 'DISPUTE') {
        return 'INSUFFICIENT';
      }
      for (const lot of this.drawable(now, now, command.lotId)) {
        const part = least(lot.left, rest, spare);
        lot.left -= part;
        rest -= part;
        spare -= part;
      }
      this.debt += rest;
    }
    this.posted += command.nanos;
    this.posts.set(command.id, said);
    return 'POSTED';
  }

  /** Lots that a hold made at `heldAt` may draw on, in order. */
  private drawable(now: number, heldAt: number, first?: string): Lot[] {
    return this.lots
      .filter((lot) => lot.left > 0n && (lot.expires > now || lot.expires > heldAt))
      .sort(
        by(
          (lot) => (lot.id === first ? 0 : 1),
          (lot) => (lot.expires <= now ? 0 : 1),
          (lot) => (lot.expires <= now ? lot.expires : 0),
          (lot) => lot.priority,
          (lot) => lot.expires,
          (lot) => lot.created,
          (lot) => lot.id,
        ),
      );
  }

  hold({ runId, nanos, ttlMs, idempotency }: HoldCommand, now: number): string {
    if (this.holds.has(runId)) return 'HELD';
    if (this.runs.has(runId)) return 'ENDED';
    const key = idempotency && `${idempotency.key} ${idempotency.requestHash.toString('hex')}`;
    if (idempotency !== undefined) {
      const owners = [
        ...[...this.runs.values()].filter(({ outcome }) => outcome === 'CAPTURED'),
        ...this.holds.values(),
      ].filter((owner) => owner.key?.startsWith(`${idempotency.key} `));
      const [owner] = owners;
      if (owner !== undefined) {
        if (owner.key !== key) return 'MISMATCH';
        return 'outcome' in owner ? 'DONE' : 'IN_FLIGHT';
      }
    }
    if (this.posted - this.held < nanos) return 'INSUFFICIENT';
    this.holds.set(runId, { amount: nanos, at: now, ends: now + ttlMs, key });
    return 'HELD';
  }

  settle({ runId, nanos }: SettleCommand, now: number): string {
    const hold = this.holds.get(runId);
    if (hold !== undefined && (nanos === null || nanos <= hold.amount)) {
      this.holds.delete(runId);
      const outcome = nanos === null ? 'VOIDED' : 'CAPTURED';
      this.runs.set(runId, { outcome, held: hold.amount, charged: nanos ?? 0n, key: hold.key });
      if (nanos !== null) this.draw(nanos, now, hold.at);
      return outcome;
    }
    const run = this.runs.get(runId);
    if (run === undefined) return 'NO_HOLD';
    if (run.outcome === 'CAPTURED') return nanos === null ? 'CAPTURED' : 'DONE';
    if (nanos === null) return 'DONE';
    if (run.outcome === 'VOIDED') return 'VOIDED';
    const keyTaken =
      run.key !== undefined &&
      [
        ...this.holds.values(),
        ...[...this.runs.values()].filter((r) => r.outcome === 'CAPTURED'),
      ].some(({ key }) => key?.split(' ')[0] === run.key?.split(' ')[0]);
    if (nanos > run.held || nanos > this.posted - this.held || keyTaken) return 'HOLD_EXPIRED';
    run.outcome = 'CAPTURED';
    run.charged = nanos;
    this.draw(nanos, now, now);
    return 'CAPTURED';
  }

  private draw(nanos: bigint, now: number, heldAt: number): void {
    let rest = nanos;
    for (const lot of this.drawable(now, heldAt)) {
      const part = least(lot.left, rest);
      lot.left -= part;
      rest -= part;
    }
    if (rest > 0n) throw new Error('The model has promised more than there is.');
    this.posted -= nanos;
  }

  expireHolds(now: number): void {
    for (const [id, { ends, amount, key }] of this.holds) {
      if (ends > now) continue;
      this.holds.delete(id);
      this.runs.set(id, { outcome: 'EXPIRED', held: amount, charged: 0n, key });
    }
  }
}
