import { AppError } from '../errors.js';
import { type AuditedActor, insertAuditEvent } from '../platform/audit.store.js';
import type { Database, Transaction } from '../platform/database.js';
import { checkReason } from '../platform/reason.js';
import { decodeTimeCursor, type TimePlace } from '../platform/time-cursor.js';
import {
  type DeadLetter,
  deadLetterId,
  type DeadLetterKind,
  type GivenUp,
  parseDeadLetterId,
} from './dead-letter.js';

/** Where a domain keeps what it has given up. */
export interface DeadLetterBox {
  /** What was given up and not dismissed, the latest first, by (deadAt, id). */
  list(page: {
    readonly first: number;
    readonly after: TimePlace | undefined;
  }): Promise<readonly GivenUp[]>;
  find(id: string): Promise<GivenUp | undefined>;
  /** Makes them due again. @param id undefined: all that `list` has @returns how many; 0: none was there */
  replay(tx: Transaction, id: string | undefined): Promise<number>;
  /** @returns false when it was not there */
  dismiss(tx: Transaction, id: string): Promise<boolean>;
}

export type DeadLetterBoxes = Readonly<Record<DeadLetterKind, DeadLetterBox>>;

/** What was given up, wherever it was, for those who run the platform. */
export class DeadLettersService {
  constructor(
    private readonly db: Pick<Database, 'transaction'>,
    private readonly boxes: DeadLetterBoxes,
  ) {}

  /** The latest first, over all kinds or of one. @param page `after`: a cursor @throws AppError BAD_USER_INPUT */
  async list(
    kind: DeadLetterKind | undefined,
    page: { readonly first: number; readonly after: string | undefined },
  ): Promise<readonly DeadLetter[]> {
    const place = page.after === undefined ? undefined : decodeTimeCursor(page.after);
    const after = place && { at: place.at, id: place.id };
    const kinds = kind === undefined ? (Object.keys(this.boxes) as DeadLetterKind[]) : [kind];
    const lists = await Promise.all(
      kinds.map(async (one) => {
        const own = after && placeIn(one, after);
        const found = await this.boxes[one].list({ first: page.first, after: own });
        return found.map((letter) => toLetter(one, letter));
      }),
    );
    return lists.flat().sort(latestFirst).slice(0, page.first);
  }

  async find(id: string): Promise<DeadLetter | undefined> {
    const parsed = parseDeadLetterId(id);
    if (parsed === undefined) return undefined;
    const letter = await this.boxes[parsed.kind].find(parsed.ownId);
    return letter && toLetter(parsed.kind, letter);
  }

  /** Tries it again, soon, on some server. @throws AppError NOT_FOUND: also when it was replayed or dismissed */
  async replay(by: AuditedActor, id: string): Promise<void> {
    const { kind, ownId } = parse(id);
    await this.db.transaction(async (tx) => {
      if ((await this.boxes[kind].replay(tx, ownId)) === 0) throw noSuchLetter();
      await insertAuditEvent(tx, { actor: by, action: 'dead-letter.replayed', target: id });
    });
  }

  /** Tries all of a kind again. May be repeated. @returns how many */
  async replayAll(by: AuditedActor, kind: DeadLetterKind): Promise<number> {
    return this.db.transaction(async (tx) => {
      const count = await this.boxes[kind].replay(tx, undefined);
      if (count > 0) {
        const details = { count: String(count) };
        const action = 'dead-letter.replayed';
        await insertAuditEvent(tx, { actor: by, action, target: kind, details });
      }
      return count;
    });
  }

  /** Takes it off the list; it stays in its table. @throws AppError NOT_FOUND, BAD_USER_INPUT */
  async dismiss(by: AuditedActor, id: string, why: string): Promise<void> {
    const reason = checkReason(why);
    const { kind, ownId } = parse(id);
    await this.db.transaction(async (tx) => {
      if (!(await this.boxes[kind].dismiss(tx, ownId))) throw noSuchLetter();
      const action = 'dead-letter.dismissed';
      await insertAuditEvent(tx, { actor: by, action, target: id, details: { reason } });
    });
  }
}

/** The list is ordered by (deadAt, kind, own id): where a place in it lies among those of one kind. */
function placeIn(kind: DeadLetterKind, { at, id }: TimePlace): TimePlace {
  const parsed = parseDeadLetterId(id);
  if (parsed === undefined)
    throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.');
  if (parsed.kind === kind) return { at, id: parsed.ownId };
  // Of the same moment all come after it, or none.
  return kind > parsed.kind ? { at, id: '' } : { at: new Date(at.getTime() + 1), id: '' };
}

function latestFirst(a: DeadLetter, b: DeadLetter): number {
  return b.deadAt.getTime() - a.deadAt.getTime() || (a.id < b.id ? 1 : -1);
}

function toLetter(kind: DeadLetterKind, letter: GivenUp): DeadLetter {
  return { ...letter, kind, id: deadLetterId(kind, letter.id) };
}

function parse(id: string): NonNullable<ReturnType<typeof parseDeadLetterId>> {
  const parsed = parseDeadLetterId(id);
  if (parsed === undefined) throw noSuchLetter();
  return parsed;
}

function noSuchLetter(): AppError {
  return new AppError('NOT_FOUND', 'No dead letter has this ID.');
}
