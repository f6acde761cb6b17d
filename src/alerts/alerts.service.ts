import type { ContactsService } from '../accounts/index.js';
import { AppError } from '../errors.js';
import type { NewNotification, NotificationsService } from '../notifications/index.js';
import type { Actor } from '../platform/actor.js';
import { type AuditAction, insertAuditEvent } from '../platform/audit.store.js';
import type { Database, Transaction } from '../platform/database.js';
import { type AccountId, newId } from '../platform/ids.js';
import { messageOf } from './alert-message.js';
import {
  ALERT_KINDS,
  type AlertKind,
  type AlertRule,
  type AlertSettings,
  type AlertState,
  checkRule,
  type NewAlertRule,
} from './alert-rule.js';
import type { AlertTurn } from './alert-turn.js';
import * as watch from './alert-watch.store.js';
import * as store from './alerts.store.js';

const RULES_MAX = 50;
/** Transitions of one kind in one transaction. */
const AT_ONCE = 200;
const TRANSACTION_MS = 30_000;

/** A rule and where it stands: once for the account, or once for each key that it watches. */
export interface AlertView {
  readonly rule: AlertRule;
  readonly states: readonly AlertState[];
}

export interface AlertsParts {
  readonly db: Database;
  readonly notifications: Pick<NotificationsService, 'post'>;
  readonly contacts: Pick<ContactsService, 'addresses'>;
}

/** Tells an account when its credit, spending, errors or keys cross what it has set, once each time. */
export class AlertsService {
  constructor(private readonly parts: AlertsParts) {}

  /** Oldest first. */
  async list(accountId: AccountId): Promise<readonly AlertView[]> {
    const { db } = this.parts;
    const [rules, states] = await Promise.all([
      store.listRules(db.prisma, accountId),
      watch.listStates(db, accountId),
    ]);
    return rules.map((rule) => ({
      rule,
      states: states.filter(({ ruleId }) => ruleId === rule.id),
    }));
  }

  /** @throws AppError BAD_USER_INPUT; NOT_FOUND for the key; CONFLICT at the limit */
  async create(actor: Actor, accountId: AccountId, input: NewAlertRule): Promise<AlertRule> {
    const settings = checkRule(input);
    return this.parts.db.transaction(async (tx) => {
      if ((await store.countRules(tx, accountId)) >= RULES_MAX) {
        throw new AppError(
          'CONFLICT',
          `The account already has ${String(RULES_MAX)} alert rules. Delete one before creating another.`,
        );
      }
      await this.checkKey(tx, accountId, settings);
      const rule = await store.insertRule(tx, { ...settings, id: newId('alr'), accountId });
      await writeDown(tx, actor, rule, 'alert.created');
      return rule;
    });
  }

  /** What is left out stays; the kind does. @throws AppError NOT_FOUND, BAD_USER_INPUT */
  update(
    actor: Actor,
    accountId: AccountId,
    id: string,
    changes: Omit<NewAlertRule, 'kind'>,
  ): Promise<AlertRule> {
    return this.change(accountId, id, async (tx, rule) => {
      const settings = checkRule({ ...rule, ...changes, kind: rule.kind });
      await this.checkKey(tx, accountId, settings);
      const updated = await store.updateRule(tx, rule.id, settings);
      await writeDown(tx, actor, updated, 'alert.changed');
      return updated;
    });
  }

  /** @throws AppError NOT_FOUND */
  delete(actor: Actor, accountId: AccountId, id: string): Promise<AlertRule> {
    return this.change(accountId, id, async (tx, rule) => {
      await store.deleteRule(tx, rule.id);
      await writeDown(tx, actor, rule, 'alert.deleted');
      return rule;
    });
  }

  /**
   * Looks at all rules, kind by kind. On several servers one does it at a time, and the others leave.
   * @returns true when more waits
   */
  async turn(): Promise<boolean> {
    let more = false;
    for (const kind of Object.values(ALERT_KINDS)) {
      more = (await this.evaluate(kind)) === AT_ONCE || more;
    }
    return more;
  }

  /** @returns how many rules fired or were armed again */
  private evaluate(kind: AlertKind): Promise<number> {
    return this.parts.db.transaction(
      async (tx) => {
        if (!(await watch.tryLock(tx))) return 0;
        if (kind === 'SPEND') await watch.countSpend(tx);
        const turns = await watch.listTurns(tx, kind, AT_ONCE);
        const fired: NewNotification[] = [];
        for (const turn of turns) {
          if ((await watch.takeTurn(tx, turn)) && turn.fires) {
            fired.push(await this.notificationOf(tx, kind, turn));
          }
        }
        await this.parts.notifications.post(tx, fired);
        return turns.length;
      },
      { timeout: TRANSACTION_MS },
    );
  }

  /** With the number of the crossing in its id: however often it is posted, it is told once. */
  private async notificationOf(
    tx: Transaction,
    kind: AlertKind,
    turn: AlertTurn,
  ): Promise<NewNotification> {
    const { ruleId, subject: of, crossings, accountId, byMail, byWebhook } = turn;
    const { type, data, subject, text } = messageOf(kind, turn);
    return {
      id: ['alert', ruleId, ...(of === '' ? [] : [of]), crossings].join(':'),
      type,
      accountId: byWebhook ? accountId : undefined,
      data,
      mail: byMail
        ? { to: await this.parts.contacts.addresses(tx, accountId), subject, text }
        : undefined,
    };
  }

  private async checkKey(
    tx: Transaction,
    accountId: AccountId,
    { keyId }: AlertSettings,
  ): Promise<void> {
    if (keyId === null || (await store.hasKey(tx, accountId, keyId))) return;
    throw new AppError('NOT_FOUND', 'API key not found.');
  }

  private change<T>(
    accountId: AccountId,
    id: string,
    work: (tx: Transaction, rule: AlertRule) => Promise<T>,
  ): Promise<T> {
    return this.parts.db.transaction(async (tx) => {
      const rule = await store.findRule(tx, accountId, id);
      if (rule === undefined) {
        throw new AppError('NOT_FOUND', 'Alert rule not found.');
      }
      return work(tx, rule);
    });
  }
}

function writeDown(
  tx: Transaction,
  actor: Actor,
  rule: AlertRule,
  action: AuditAction,
): Promise<void> {
  const { id, accountId, kind, thresholdNanos, thresholdShare } = rule;
  const details = { kind, threshold: String(thresholdNanos ?? thresholdShare) };
  return insertAuditEvent(tx, { actor, accountId, action, target: id, details });
}
