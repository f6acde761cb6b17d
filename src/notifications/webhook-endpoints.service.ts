import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import { type AuditAction, insertAuditEvent } from '../platform/audit.store.js';
import type { Database, Transaction } from '../platform/database.js';
import { type AccountId, newId, type WebhookEndpointId } from '../platform/ids.js';
import * as deliveries from './deliveries.store.js';
import type { Delivery, DeliveryState } from './delivery.js';
import type { NotificationsService } from './notifications.service.js';
import type { WebhookGateway } from './webhook.gateway.js';
import {
  checkDescription,
  checkTypes,
  ENDPOINTS_MAX,
  type EndpointSettings,
  GRACE_HOURS_MAX,
  newSecret,
  type WebhookEndpoint,
} from './webhook-endpoint.js';
import * as store from './webhook-endpoints.store.js';

/** The only time that the secret is shown. */
export interface CreatedEndpoint {
  readonly endpoint: WebhookEndpoint;
  readonly secret: string;
}

/** Keeps an account's endpoints, and the log of what went there. */
export class WebhookEndpointsService {
  constructor(
    private readonly db: Database,
    private readonly webhooks: Pick<WebhookGateway, 'check'>,
    private readonly notifications: Pick<NotificationsService, 'postTo'>,
  ) {}

  /** Oldest first. */
  list(accountId: AccountId): Promise<readonly WebhookEndpoint[]> {
    return store.listEndpoints(this.db.prisma, accountId);
  }

  /** @throws AppError BAD_USER_INPUT; CONFLICT when the account has as many as it may */
  async create(
    actor: Actor,
    accountId: AccountId,
    input: EndpointSettings,
  ): Promise<CreatedEndpoint> {
    const settings = {
      description: checkDescription(input.description),
      types: checkTypes(input.types),
      url: await this.webhooks.check(input.url),
    };
    const secret = newSecret();
    const endpoint = await this.db.transaction(async (tx) => {
      if ((await store.countEndpoints(tx, accountId)) >= ENDPOINTS_MAX) {
        throw new AppError(
          'CONFLICT',
          `The account already has ${String(ENDPOINTS_MAX)} webhook endpoints. Delete one before creating another.`,
        );
      }
      const created = await store.insertEndpoint(tx, {
        ...settings,
        id: newId('whe'),
        accountId,
        secret,
      });
      await writeDown(tx, actor, created, 'webhook.created', { url: settings.url });
      return created;
    });
    return { endpoint, secret };
  }

  /**
   * What is left out stays. Switched off, all that waits for it is given up.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT
   */
  async update(
    actor: Actor,
    accountId: AccountId,
    id: string,
    input: Partial<EndpointSettings> & { readonly enabled?: boolean | undefined },
  ): Promise<WebhookEndpoint> {
    const { url, description, types, enabled } = input;
    const changes = {
      ...(url === undefined ? {} : { url: await this.webhooks.check(url) }),
      ...(description === undefined ? {} : { description: checkDescription(description) }),
      ...(types === undefined ? {} : { types: checkTypes(types) }),
      ...(enabled === undefined ? {} : { enabled }),
    };
    return this.change(accountId, id, async (tx, endpoint) => {
      const updated = await store.updateEndpoint(tx, endpoint.id, changes);
      if (enabled === false) {
        await deliveries.buryDeliveries(tx, endpoint.id, 'The endpoint was switched off.');
      }
      const details = Object.fromEntries(
        Object.entries(changes).map(([name, value]) => [name, String(value)]),
      );
      await writeDown(tx, actor, endpoint, 'webhook.changed', details);
      return updated;
    });
  }

  /** With its log. @throws AppError NOT_FOUND */
  delete(actor: Actor, accountId: AccountId, id: string): Promise<WebhookEndpoint> {
    return this.change(accountId, id, async (tx, endpoint) => {
      await store.deleteEndpoint(tx, endpoint.id);
      await writeDown(tx, actor, endpoint, 'webhook.deleted', { url: endpoint.url });
      return endpoint;
    });
  }

  /**
   * A new secret; the old one signs too for a while, so that receivers can change over.
   * @param graceHours 0 to 720
   * @throws AppError NOT_FOUND, BAD_USER_INPUT
   */
  async rotateSecret(
    actor: Actor,
    accountId: AccountId,
    id: string,
    graceHours: number,
  ): Promise<CreatedEndpoint> {
    if (!(graceHours >= 0 && graceHours <= GRACE_HOURS_MAX)) {
      throw new AppError(
        'BAD_USER_INPUT',
        `\`graceHours\` must be between 0 and ${String(GRACE_HOURS_MAX)}.`,
        { details: { argument: 'graceHours' } },
      );
    }
    const secret = newSecret();
    const endpoint = await this.change(accountId, id, async (tx, { id: found }) => {
      const rotated = await store.replaceSecret(tx, found, secret, graceHours);
      await writeDown(tx, actor, rotated, 'webhook.secret-rotated', {
        graceHours: String(graceHours),
      });
      return rotated;
    });
    return { endpoint, secret };
  }

  /**
   * Sends an event of the type `webhook.test`, whatever types the endpoint wants.
   * @throws AppError NOT_FOUND; CONFLICT when it is switched off
   */
  sendTest(actor: Actor, accountId: AccountId, id: string): Promise<WebhookEndpoint> {
    return this.change(accountId, id, async (tx, endpoint) => {
      refuseWhenOff(endpoint);
      await this.notifications.postTo(tx, endpoint.id, {
        id: newId('ntf'),
        type: 'webhook.test',
        accountId,
        data: { endpointId: endpoint.id, message: 'A test: your endpoint can be reached.' },
        mail: undefined,
      });
      await writeDown(tx, actor, endpoint, 'webhook.tested', {});
      return endpoint;
    });
  }

  /**
   * What was sent to an endpoint, newest first.
   * @throws AppError NOT_FOUND
   */
  async deliveries(
    accountId: AccountId,
    query: {
      readonly endpointId: string;
      readonly state: DeliveryState | undefined;
      readonly first: number;
      readonly after: string | undefined;
    },
  ): Promise<readonly Delivery[]> {
    if ((await store.findEndpoint(this.db.prisma, accountId, query.endpointId)) === undefined) {
      throw noSuchEndpoint();
    }
    return deliveries.listDeliveries(this.db, accountId, query);
  }

  /** Whosever it is: for who then asks whether the caller may see it. */
  async findAnyDelivery(id: string): Promise<(Delivery & { accountId: AccountId }) | undefined> {
    return id.includes('\0') ? undefined : deliveries.findAnyDelivery(this.db, id);
  }

  /**
   * Sends one again, whatever became of it, under the same `webhook-id`. One that is being sent is left alone.
   * @throws AppError NOT_FOUND; CONFLICT when its endpoint is switched off
   */
  async replay(actor: Actor, accountId: AccountId, id: string): Promise<Delivery> {
    return this.db.transaction(async (tx) => {
      const found = await deliveries.findDelivery(tx, accountId, id);
      if (found === undefined) {
        throw new AppError('NOT_FOUND', 'Webhook delivery not found.');
      }
      const endpoint = await store.findEndpoint(tx, accountId, found.endpointId);
      if (endpoint === undefined) throw noSuchEndpoint();
      refuseWhenOff(endpoint);
      await deliveries.reviveDeliveries(tx, endpoint.id, { id: found.id });
      await writeDown(tx, actor, endpoint, 'webhook.replayed', { deliveryId: found.id });
      return (await deliveries.findDelivery(tx, accountId, id)) ?? found;
    });
  }

  /**
   * Sends again all that was given up and was made since a time.
   * @returns how many
   * @throws AppError NOT_FOUND; CONFLICT when the endpoint is switched off
   */
  replayFailed(actor: Actor, accountId: AccountId, id: string, since: Date): Promise<number> {
    return this.change(accountId, id, async (tx, endpoint) => {
      refuseWhenOff(endpoint);
      const count = await deliveries.reviveDeliveries(tx, endpoint.id, { deadSince: since });
      const details = { since: since.toISOString(), count: String(count) };
      await writeDown(tx, actor, endpoint, 'webhook.replayed', details);
      return count;
    });
  }

  /** Does something to an endpoint of the account. @throws AppError NOT_FOUND */
  private change<T>(
    accountId: AccountId,
    id: string,
    work: (tx: Transaction, endpoint: WebhookEndpoint) => Promise<T>,
  ): Promise<T> {
    return this.db.transaction(async (tx) => {
      const endpoint = await store.findEndpoint(tx, accountId, id);
      if (endpoint === undefined) throw noSuchEndpoint();
      return work(tx, endpoint);
    });
  }
}

function writeDown(
  tx: Transaction,
  actor: Actor,
  { id, accountId }: { id: WebhookEndpointId; accountId: AccountId },
  action: AuditAction,
  details: Readonly<Record<string, string>>,
): Promise<void> {
  return insertAuditEvent(tx, { actor, accountId, action, target: id, details });
}

function refuseWhenOff({ enabled }: WebhookEndpoint): void {
  if (enabled) return;
  throw new AppError('CONFLICT', 'The endpoint is disabled. Enable it first.');
}

function noSuchEndpoint(): AppError {
  return new AppError('NOT_FOUND', 'Webhook endpoint not found.');
}
