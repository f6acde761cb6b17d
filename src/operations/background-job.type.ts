import { Field, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import type { BackgroundJob, JobOnServer } from './background-job.js';

@ObjectType('BackgroundJobServer', { description: 'How background work goes on one server.' })
export class BackgroundJobServerType {
  @Field(() => ID, { description: 'Of the process, as long as it runs: "proc_…".' })
  readonly processId!: string;

  @Field(() => String, { description: 'Name of its machine.' })
  readonly host!: string;

  @Field(() => Int, { description: 'Its number there.' })
  readonly pid!: number;

  @Field(() => GraphQLISODateTime, { description: 'When the process began.' })
  readonly startedAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When its last turn began.' })
  readonly lastStartedAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When a turn ended last; before lastStartedAt: one is in hand.',
  })
  readonly lastEndedAt!: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How long the last turn that ended took, in milliseconds.',
  })
  readonly durationMs!: number | null;

  @Field(() => Int, { description: 'Turns since the process began.' })
  readonly turns!: number;

  @Field(() => Int, { description: 'Of them, those that failed.' })
  readonly failures!: number;

  @Field(() => Int, { description: 'Those that failed one after the other, up to now.' })
  readonly failuresInRow!: number;

  @Field(() => String, { nullable: true, description: 'What the last failure said.' })
  readonly lastError!: string | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When that was.' })
  readonly lastErrorAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When the next turn is due; null: one is in hand.',
  })
  readonly nextTurnAt!: Date | null;
}

@ObjectType('BackgroundJob', { description: 'Work that servers do again and again.' })
export class BackgroundJobType {
  @Field(() => String, { description: 'As "sweeping the ledger".' })
  readonly name!: string;

  @Field(() => Int, { description: 'Pause between two turns, in milliseconds.' })
  readonly everyMs!: number;

  @Field(() => [BackgroundJobServerType], {
    description: 'How it goes on each server that has told of it in the last minute.',
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
