import { AppError } from '../errors.js';
import type { CreditsService } from '../credits/index.js';
import { type Actor, actorName } from '../platform/actor.js';
import { type AuditedActor, insertAuditEvent } from '../platform/audit.store.js';
import type { Database, Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';
import { readNow } from '../platform/now.store.js';
import { checkPromoCode, type ManagedPromoCode, normalize, type PromoCode } from './promo-code.js';
import * as store from './promos.store.js';

const DAY_MS = 86_400_000;

/** Who stands behind what is done on an account (`PersonsService`). */
export interface Persons {
  personOf(tx: Transaction, accountId: AccountId, userId: UserId | undefined): Promise<string>;
}

/** Codes that give credit. */
export class PromosService {
  constructor(
    private readonly db: Database,
    private readonly credits: Pick<CreditsService, 'postWithin'>,
    private readonly persons: Persons,
  ) {}

  /** Newest first. @param page `after`: a code @throws AppError BAD_USER_INPUT */
  async list({
    first,
    after,
  }: {
    readonly first: number;
    readonly after: string | undefined;
  }): Promise<readonly ManagedPromoCode[]> {
    const code = after === undefined ? undefined : normalize(after);
    return store.listPromoCodes(this.db, { first, after: code });
  }

  /** From its commit on nobody redeems it. May be repeated. @throws AppError BAD_USER_INPUT, NOT_FOUND */
  async disable(by: AuditedActor, text: string): Promise<ManagedPromoCode> {
    const code = normalize(text);
    await this.db.transaction(async (tx) => {
      const found = await store.lockPromoCode(tx, code);
      if (found === undefined) throw noSuchCode();
      if (found.promo.disabledAt !== null) return;
      await store.disablePromoCode(tx, code);
      await insertAuditEvent(tx, { actor: by, action: 'promo.disabled', target: code });
    });
    const promo = await store.findPromoCode(this.db, code);
    if (promo === undefined) throw noSuchCode();
    return promo;
  }

  /** @throws AppError BAD_USER_INPUT, CONFLICT when the code exists */
  async create(promo: PromoCode, by: AuditedActor): Promise<PromoCode> {
    const made = { ...promo, code: normalize(promo.code) };
    checkPromoCode(made, await readNow(this.db));
    await this.db.transaction(async (tx) => {
      if (!(await store.insertPromoCode(tx, made, actorName(by)))) {
        throw new AppError('CONFLICT', `The promo code ${made.code} already exists.`);
      }
      const details = { nanos: String(made.nanos), redemptionsMax: String(made.redemptionsMax) };
      await insertAuditEvent(tx, {
        actor: by,
        action: 'promo.created',
        target: made.code,
        details,
      });
    });
    return made;
  }

  /**
   * Gives the code's credit to an account, once for each account and person.
   * @throws AppError BAD_USER_INPUT, NOT_FOUND (unknown or over: one answer), CONFLICT (used by this account, or by the
   *   person elsewhere), FORBIDDEN (the person's address is not verified)
   */
  async redeem(by: Actor, accountId: AccountId, text: string): Promise<PromoCode> {
    const code = normalize(text);
    const actor = actorName(by);
    return this.db.transaction(async (tx) => {
      const now = await readNow(tx);
      const found = await store.lockPromoCode(tx, code);
      if (found !== undefined && (await store.hasRedeemed(tx, code, accountId))) {
        throw new AppError('CONFLICT', 'This account has already redeemed the code.');
      }
      const mailbox = await this.persons.personOf(tx, accountId, by.userId);
      if (found !== undefined && (await store.hasPersonRedeemed(tx, code, mailbox))) {
        throw new AppError('CONFLICT', 'You have already redeemed the code with another account.');
      }
      const isOver =
        found !== undefined &&
        (found.promo.disabledAt !== null ||
          (found.promo.expiresAt !== null && found.promo.expiresAt <= now));
      if (found === undefined || isOver || found.redemptions >= found.promo.redemptionsMax) {
        throw noSuchCode();
      }
      const { promo } = found;
      await store.insertRedemption(tx, { code, accountId, mailbox, actor });
      await this.credits.postWithin(tx, {
        id: `promo:${code}:${accountId}`,
        accountId,
        kind: 'GRANT',
        nanos: promo.nanos,
        source: 'GRANT',
        actor,
        reason: `Code ${code}`,
        ...(promo.creditDays === null
          ? {}
          : { expiresAt: new Date(now.getTime() + promo.creditDays * DAY_MS) }),
      });
      return promo;
    });
  }
}

function noSuchCode(): AppError {
  return new AppError('NOT_FOUND', 'The promo code does not exist or has expired.', {
    details: { argument: 'code' },
  });
}
