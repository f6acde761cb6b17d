export { createOperations, operationsResolvers } from './operations.factory.js';
export type { BackgroundJob } from './background-job.js';
export { WANTED_CHANNEL } from './background-jobs.service.js';
export { DEAD_LETTER_KINDS, type DeadLetter, type DeadLetterKind } from './dead-letter.js';
