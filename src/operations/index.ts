export type { BackgroundJob } from './background-job.js';
export { BackgroundJobsResolver } from './background-jobs.resolver.js';
export { BackgroundJobs, WANTED_CHANNEL } from './background-jobs.service.js';
export { DEAD_LETTER_KINDS, type DeadLetter, type DeadLetterKind } from './dead-letter.js';
export { DeadLettersResolver } from './dead-letters.resolver.js';
export { DeadLettersService } from './dead-letters.service.js';
