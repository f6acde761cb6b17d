import type { PersonsService } from '../accounts/index.js';
import type { CatalogChanges, ProposalsService } from '../catalog/index.js';
import type { CreditsService } from '../credits/index.js';
import type { DomainResolvers, FindNode } from '../graphql/node.resolver.js';
import type { NotificationsService } from '../notifications/index.js';
import type { Database } from '../platform/database.js';
import type { MailQueue, MailSenders } from '../platform/mail-queue.js';
import type { Mailer } from '../platform/mailer.js';
import { createRateCounter, type RateStore } from '../platform/rate-counter.js';
import { BoardResolver } from './board.resolver.js';
import { BoardService } from './board.service.js';
import { DemandResolver, ModelRequestResolver, ModelDemandResolver } from './demand.resolver.js';
import { DemandService } from './demand.service.js';
import { LaunchesService } from './launches.service.js';
import { WaitlistService } from './waitlist.service.js';

export interface DemandDeps {
  readonly db: Database;
  readonly catalogChanges: CatalogChanges;
  readonly proposals: ProposalsService;
  readonly persons: PersonsService;
  readonly credits: CreditsService;
  readonly notifications: NotificationsService;
  readonly mailer: Mailer;
  readonly mailQueue: MailQueue;
  /** Signs links. */
  readonly secret: string;
  readonly config: {
    readonly publicUrl: string;
    readonly limits: { readonly store: RateStore };
  };
}

/** Mails to people without an account are counted for a day. */
const DAY_S = 86_400;

/** Who wants which model, and what they are told when it comes. */
export function createDemand(deps: DemandDeps) {
  const { db, proposals, persons, credits, notifications, config } = deps;
  const { publicUrl } = config;
  const waitlist = new WaitlistService({
    db,
    proposals,
    mailer: deps.mailer,
    mailQueue: deps.mailQueue,
    secret: deps.secret,
    publicUrl,
    counter: createRateCounter(db, config.limits.store, DAY_S),
  });
  return {
    board: new BoardService(db, deps.catalogChanges, proposals),
    demand: new DemandService(db, proposals, persons),
    launches: new LaunchesService({ db, notifications, credits, waitlist, publicUrl }),
    waitlist,
    demandMailSenders: {
      waitlist: ({ email, about, details }) =>
        waitlist.sendLink(email, about, details.useCase ?? null),
    } satisfies Partial<MailSenders>,
  };
}

/** @param findModel finds a model by its id */
export function demandResolvers(
  services: Pick<ReturnType<typeof createDemand>, 'board' | 'demand' | 'waitlist'>,
  findModel: FindNode,
) {
  const demand = new DemandResolver(services.demand, services.waitlist);
  return {
    resolvers: [
      demand,
      new ModelRequestResolver(findModel),
      new ModelDemandResolver(services.demand),
      new BoardResolver(services.board, findModel),
    ],
    nodes: { mreq: { type: 'ModelRequest', find: demand.findNode } },
  } satisfies DomainResolvers;
}
