import type { PersonsService } from '../accounts/index.js';
import type { ProposalsService } from '../catalog/index.js';
import { AppError } from '../errors.js';
import { accountOf, type Actor } from '../platform/actor.js';
import type { Database, Transaction } from '../platform/database.js';
import type { AccountId, ModelId } from '../platform/ids.js';
import type { Demand } from './demand.js';
import * as demandStore from './demand.store.js';
import { checkReasons, type ModelRequest, type RequestReasons } from './model-request.js';
import * as store from './requests.store.js';

/** What accounts ask for, and how much everybody asks for it. */
export class DemandService {
  constructor(
    private readonly db: Database,
    private readonly proposals: Pick<ProposalsService, 'findOrPropose'>,
    private readonly persons: Pick<PersonsService, 'personOf'>,
  ) {}

  /** What people asked for. */
  readonly personalData = {
    name: 'modelRequests',
    collect: ({ id, email }: { id: string; email: string }) =>
      store.listRequestsOfPerson(this.db, id, email),
    forget: (tx: Transaction, { id, email }: { id: string; email: string }) =>
      store.forgetPerson(tx, id, email),
  };

  /**
   * Asks for a model in the name of the account, or changes what it said before. A model that the catalog does
   * not have becomes a proposal. May be repeated. One person asks once, with whatever account; who has left the address
   * before asks with the account from now on, at the same place.
   * @param model slug, alias, or address of its page at the Hugging Face Hub
   * @throws AppError BAD_USER_INPUT; CONFLICT for a model that is live or was retired, and for a person who has asked
   *   with another account; FORBIDDEN when the person's address is not verified
   */
  async request(actor: Actor, model: string, reasons: RequestReasons): Promise<ModelRequest> {
    const accountId = accountOf(actor);
    const checked = checkReasons(reasons);
    return this.db.transaction(async (tx) => {
      const found = await this.proposals.findOrPropose(tx, model);
      refuseUnlessOpen(found);
      const { userId } = actor;
      const mailbox = await this.persons.personOf(tx, accountId, userId);
      const place = { modelId: found.id, accountId, mailbox };
      if (await store.hasAskedElsewhere(tx, place)) {
        throw new AppError(
          'CONFLICT',
          `You have already requested ${found.slug} with another account. Withdraw that request first, or ask another member of this account to request it.`,
          { details: { model: found.slug } },
        );
      }
      return store.saveAccountRequest(tx, { ...checked, ...place, userId });
    });
  }

  /** May be repeated. @throws AppError NOT_FOUND */
  async withdraw(accountId: AccountId, id: string): Promise<void> {
    const found =
      !id.includes('\0') && (await this.db.transaction((tx) => store.withdraw(tx, accountId, id)));
    if (!found) throw new AppError('NOT_FOUND', 'Model request not found.');
  }

  /** Those of an account that stand, newest first. @throws AppError BAD_USER_INPUT for a foreign cursor */
  async list(
    accountId: AccountId,
    page: { first: number; after: string | undefined },
  ): Promise<readonly ModelRequest[]> {
    if (page.after !== undefined && !/^mreq_\w+$/.test(page.after)) {
      throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
        details: { argument: 'after' },
      });
    }
    return store.listRequests(this.db, accountId, page);
  }

  /** Whosever it is: for who then asks whether the caller may read it. */
  async findAny(id: string): Promise<ModelRequest | undefined> {
    return id.includes('\0') ? undefined : store.findRequest(this.db, id);
  }

  /** How much some models are wanted; one statement. */
  demand(ids: readonly ModelId[]): Promise<ReadonlyMap<ModelId, Demand>> {
    return demandStore.listDemand(this.db, ids);
  }

  /** Whether an account may call a model that is coming soon. */
  hasEarlyAccess(accountId: AccountId, modelId: ModelId): Promise<boolean> {
    return store.hasEarlyAccess(this.db, accountId, modelId);
  }
}

/** @throws AppError CONFLICT unless the model is on its way */
export function refuseUnlessOpen({ slug, status }: { slug: string; status: string }): void {
  if (status === 'PROPOSED' || status === 'COMING_SOON') return;
  const message =
    status === 'RETIRED'
      ? `${slug} has been retired and will not return.`
      : `${slug} is already live and can be called.`;
  throw new AppError('CONFLICT', message, { details: { model: slug, status } });
}
