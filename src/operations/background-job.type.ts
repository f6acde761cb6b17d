import { Field, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import type { BackgroundJob, JobOnServer } from './background-job.js';

@ObjectType('BackgroundJobServer', {
  description: 'State of a background job on one server process.',
})
export class BackgroundJobServerType {
  @Field(() => ID, {
    description: 'ID of the server process, prefixed with `proc_`; new on every start.',
  })
  readonly processId!: string;

  @Field(() => String, { description: 'Host name of the server.' })
  readonly host!: string;

  @Field(() => Int, { description: 'Operating system process ID.' })
  readonly pid!: number;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the process started.' })
  readonly startedAt!: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the last run started; null before the first.',
  })
  readonly lastStartedAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description:
      'Time at which the last completed run ended; before `lastStartedAt` while a run is in progress. Null before the first.',
  })
  readonly lastEndedAt!: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Duration of the last completed run, in milliseconds; null before the first.',
  })
  readonly durationMs!: number | null;

  @Field(() => Int, { description: 'Number of runs since the process started.' })
  readonly turns!: number;

  @Field(() => Int, { description: 'Number of failed runs since the process started.' })
  readonly failures!: number;

  @Field(() => Int, { description: 'Number of consecutive failed runs.' })
  readonly failuresInRow!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Error message of the last failed run; null if there was none.',
  })
  readonly lastError!: string | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time of the last failed run; null if there was none.',
  })
  readonly lastErrorAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the next run is due; null while a run is in progress.',
  })
  readonly nextTurnAt!: Date | null;
}

@ObjectType('BackgroundJob', { description: 'A recurring background job.' })
export class BackgroundJobType {
  @Field(() => String, { description: 'Name of the job, such as "queued-mails".' })
  readonly name!: string;

  @Field(() => Int, { description: 'Interval between runs, in milliseconds.' })
  readonly everyMs!: number;

  @Field(() => [BackgroundJobServerType], {
    description: 'State of the job on each server process that reported within the last minute.',
  })
  readonly servers!: readonly BackgroundJobServerType[];
}

export function toBackgroundJob({ servers, ...job }: BackgroundJob): BackgroundJobType {
  return { ...job, servers: servers.map(toServer) };
}

function toServer({ turns, failures, ...server }: JobOnServer): BackgroundJobServerType {
  return { ...server, turns: countOf(turns), failures: countOf(failures) };
}

/** GraphQL's Int ends at 2³¹ − 1: a turn a second takes 68 years. */
function countOf(value: bigint): number {
  return Number(value > 2_147_483_647n ? 2_147_483_647n : value);
}
