import { AppError } from '../errors.js';
import type { Author } from '../platform/actor.js';
import type { AuditAction } from '../platform/audit.store.js';
import type { Queryable, Transaction } from '../platform/database.js';
import type { ModelId, ProviderId } from '../platform/ids.js';
import type { CatalogChanges, LockedModel } from './catalog-changes.service.js';
import type { CatalogService } from './catalog.service.js';
import { CHECKED } from './model-status.js';
import {
  BUILT_IN_NAME,
  checkProvider,
  type NewProvider,
  type Provider,
  type ProviderEdit,
  type ProviderHealth,
  type ProviderRoute,
} from './provider.js';
import * as store from './providers.store.js';

const PROVIDERS_MAX = 20;

/** Who runs each model. Ids that nobody has are NOT_FOUND. */
export class ProvidersService {
  constructor(
    private readonly db: Queryable,
    private readonly catalogChanges: CatalogChanges,
    private readonly catalog: Pick<CatalogService, 'findModels'>,
  ) {}

  /** Of a model, the first that is asked first. @throws AppError NOT_FOUND */
  async list(key: string): Promise<readonly Provider[]> {
    const model = (await this.catalog.findModels([key], new Set())).get(key);
    if (model === undefined) {
      throw new AppError('NOT_FOUND', `Model ${key.slice(0, 300)} not found.`);
    }
    return store.listProviders(this.db, model.id);
  }

  /** Every enabled provider, or those of one model, in the order in which they are asked. Holds tokens. */
  routes(modelId?: ModelId): Promise<readonly ProviderRoute[]> {
    return store.listRoutes(this.db, modelId);
  }

  /** Providers that nobody has asked for `afterMs`, which the caller asks now. Safe on several servers at once. */
  claimStale(afterMs: number, first: number): Promise<readonly ProviderRoute[]> {
    return store.claimStale(this.db, afterMs, first);
  }

  /** What a check found; nothing, when the provider was edited meanwhile. */
  async saveHealth(
    route: ProviderRoute,
    found: {
      readonly health: ProviderHealth;
      readonly verified: boolean;
      readonly latencyMs: number | undefined;
      readonly problem: string | undefined;
    },
  ): Promise<void> {
    await store.saveHealth(this.db, route, found);
    this.catalogChanges.changed();
  }

  /**
   * A provider gets calls once it has given the model's golden scores. The first one of a model that the
   * built-in predictor runs stands beside that one, so that calls go on: that one can be disabled then.
   * @throws AppError BAD_USER_INPUT naming the field, CONFLICT when the name is taken
   */
  async add(author: Author, key: string, given: NewProvider): Promise<Provider> {
    const provider = checkProvider(given.protocol, given);
    if (provider.protocol !== 'BUILT_IN' && provider.url === undefined) {
      throw new AppError('BAD_USER_INPUT', '`url` is required for this protocol.', {
        details: { argument: 'url' },
      });
    }
    return this.change(author, key, 'provider.added', async (tx, model) => {
      const count = await store.countProviders(tx, { modelId: model.id });
      if (count >= PROVIDERS_MAX) {
        throw new AppError(
          'CONFLICT',
          `A model can have at most ${String(PROVIDERS_MAX)} providers.`,
        );
      }
      const isServed = (CHECKED as readonly string[]).includes(model.status);
      if (count === 0 && isServed && provider.protocol !== 'BUILT_IN') {
        const builtIn = { name: BUILT_IN_NAME, protocol: 'BUILT_IN' } as const;
        await store.insertProvider(tx, model.id, builtIn, {
          verified: model.status !== 'DEGRADED',
        });
      }
      await refuseTaken(tx, model, provider);
      const id = await store.insertProvider(tx, model.id, provider);
      return { id, details: { name: provider.name, url: provider.url ?? '' } };
    });
  }

  /** @throws AppError BAD_USER_INPUT naming the field, CONFLICT when the name is taken */
  async edit(author: Author, id: string, given: ProviderEdit): Promise<Provider> {
    const modelId = await this.modelOf(id);
    return this.change(author, modelId, 'provider.changed', async (tx, model) => {
      const before = await store.findProvider(tx, id);
      if (before === undefined) throw unknownProvider(id);
      const edit = checkProvider(before.protocol, given);
      const { name, url } = edit;
      if (name !== undefined && name !== before.name) await refuseTaken(tx, model, { name });
      const isElsewhere = url !== undefined && url !== before.url;
      await store.updateProvider(tx, before.id, edit, isElsewhere);
      const fields = Object.entries(edit).flatMap(([field, value]) =>
        value === undefined ? [] : [field],
      );
      return { id: before.id, details: { name: before.name, fields: fields.join(', ') } };
    });
  }

  /** @returns its id */
  async remove(author: Author, id: string): Promise<ProviderId> {
    const modelId = await this.modelOf(id);
    let removed: ProviderId | undefined;
    await this.catalogChanges.apply(author, modelId, async (tx, model) => {
      const provider = await store.findProvider(tx, id);
      if (provider === undefined) throw unknownProvider(id);
      removed = provider.id;
      await store.deleteProvider(tx, provider.id);
      await store.countPublicly(tx, model.id);
      const { name } = provider;
      return { action: 'provider.removed', details: { provider: provider.id, name } };
    });
    if (removed === undefined) throw unknownProvider(id);
    return removed;
  }

  private async change(
    author: Author,
    key: string,
    action: AuditAction,
    work: (
      tx: Transaction,
      model: LockedModel,
    ) => Promise<{ id: ProviderId; details: Readonly<Record<string, string>> }>,
  ): Promise<Provider> {
    let changed: ProviderId | undefined;
    const modelId = await this.catalogChanges.apply(author, key, async (tx, model) => {
      const { id, details } = await work(tx, model);
      changed = id;
      await store.countPublicly(tx, model.id);
      return { action, details: { provider: id, ...details } };
    });
    const all = await store.listProviders(this.db, modelId);
    const provider = all.find(({ id }) => id === changed);
    if (provider === undefined) throw unknownProvider(changed ?? '');
    return provider;
  }

  private async modelOf(id: string): Promise<ModelId> {
    const modelId = id.includes('\0') ? undefined : await store.findModelOf(this.db, id);
    if (modelId === undefined) throw unknownProvider(id);
    return modelId;
  }
}

async function refuseTaken(
  tx: Transaction,
  { id: modelId, slug }: LockedModel,
  { name, protocol }: Pick<NewProvider, 'name'> & Partial<NewProvider>,
): Promise<void> {
  if ((await store.countProviders(tx, { modelId, name })) > 0) {
    throw new AppError('CONFLICT', `${slug} already has a provider named ${name}.`, {
      details: { argument: 'name' },
    });
  }
  if (
    protocol === 'BUILT_IN' &&
    (await store.countProviders(tx, { modelId, protocol: 'BUILT_IN' })) > 0
  ) {
    throw new AppError('CONFLICT', `${slug} already has the built-in predictor.`, {
      details: { argument: 'protocol' },
    });
  }
}

function unknownProvider(id: string): AppError {
  return new AppError('NOT_FOUND', `Provider ${id.slice(0, 100)} not found.`);
}
