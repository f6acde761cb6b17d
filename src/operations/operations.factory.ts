import type { DomainResolvers } from '../graphql/node.resolver.js';
import type { Database } from '../platform/database.js';
import { BackgroundJobsResolver } from './background-jobs.resolver.js';
import { BackgroundJobs } from './background-jobs.service.js';
import { DeadLettersResolver } from './dead-letters.resolver.js';
import { type DeadLetterBoxes, DeadLettersService } from './dead-letters.service.js';

export interface OperationsDeps {
  readonly db: Database;
  /** Each kind of dead letter is kept by the domain that gave it up. */
  readonly deadLetterBoxes: DeadLetterBoxes;
}

/** What operators look after that belongs to no one domain. */
export function createOperations({ db, deadLetterBoxes }: OperationsDeps) {
  return {
    backgroundJobs: new BackgroundJobs(db),
    deadLetters: new DeadLettersService(db, deadLetterBoxes),
  };
}

export function operationsResolvers(services: ReturnType<typeof createOperations>) {
  const deadLetters = new DeadLettersResolver(services.deadLetters);
  return {
    resolvers: [deadLetters, new BackgroundJobsResolver(services.backgroundJobs)],
    nodes: { dead: { type: 'DeadLetter', find: deadLetters.findNode } },
  } satisfies DomainResolvers;
}
