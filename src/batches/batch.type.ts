import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import type { BatchId } from '../platform/ids.js';
import { BATCH_STATUSES, type BatchError, type BatchProgress, type BatchStatus } from './batch.js';

registerEnumType(BATCH_STATUSES, {
  name: 'BatchStatus',
  description: 'Status of a batch.',
  valuesConfig: {
    FAILED: { description: 'The input file was rejected; nothing ran.' },
    IN_PROGRESS: { description: 'Lines are being processed.' },
    CANCELLING: { description: 'Lines that have begun are being finished.' },
    FINALIZING: { description: 'Output files are being written.' },
    COMPLETED: { description: 'All lines have ended.' },
    EXPIRED: { description: 'Time ran out before all lines had begun.' },
    CANCELLED: { description: 'Cancelled before all lines had begun.' },
  },
});

@ObjectType('BatchError', { description: 'A problem in the input file of a batch.' })
class BatchErrorType {
  @Field(() => String, { description: 'Machine-readable code of the problem.' })
  readonly code!: string;

  @Field(() => String, { description: 'Explanation of the problem.' })
  readonly message!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Line of the input file, from 1; null if the whole file is at fault.',
  })
  readonly line!: number | null;

  @Field(() => String, { nullable: true, description: 'Parameter of the request at fault.' })
  readonly param!: string | null;
}

@ObjectType('BatchLines', { description: 'Numbers of lines of a batch, by how they ended.' })
export class BatchLinesType {
  @Field(() => Int, { description: 'Number of lines in the batch.' })
  readonly total!: number;

  @Field(() => Int, { description: 'Number of lines that have not ended yet.' })
  readonly open!: number;

  @Field(() => Int, { description: 'Number of lines that succeeded.' })
  readonly completed!: number;

  @Field(() => Int, { description: 'Number of lines that failed.' })
  readonly failed!: number;

  @Field(() => Int, { description: 'Number of lines that were cancelled.' })
  readonly cancelled!: number;

  @Field(() => Int, { description: 'Number of lines that expired.' })
  readonly expired!: number;
}

@ObjectType('Batch', {
  implements: NodeType,
  description: 'Many calls in a file, answered in a file within 24 hours at a discount.',
})
export class BatchType implements NodeType {
  readonly inputFileId!: string;
  readonly outputFileId!: string;
  readonly errorFileId!: string;

  @Field(() => ID, { description: 'ID of the batch, prefixed with `batch_`.' })
  readonly id!: BatchId;

  @Field(() => BATCH_STATUSES, { description: 'Status of the batch.' })
  readonly status!: BatchStatus;

  @Field(() => String, {
    description: 'REST endpoint that all lines call, such as "/v1/classify".',
  })
  readonly endpoint!: string;

  @Field(() => [BatchErrorType], { description: 'Problems of a batch with the status FAILED.' })
  readonly errors!: readonly BatchError[];

  @Field(() => GraphQLISODateTime, { description: 'Time at which the batch was created.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'Time until which lines can begin.' })
  readonly expiresAt!: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the batch ended; null while it is running.',
  })
  readonly endedAt!: Date | null;
}

export function toLines(lines: BatchProgress['lines']): BatchLinesType {
  const { OPEN, COMPLETED, FAILED, CANCELLED, EXPIRED } = lines;
  return {
    total: OPEN + COMPLETED + FAILED + CANCELLED + EXPIRED,
    open: OPEN,
    completed: COMPLETED,
    failed: FAILED,
    cancelled: CANCELLED,
    expired: EXPIRED,
  };
}

@ObjectType('BatchEdge', { description: 'An edge in a list of batches.' })
export class BatchEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => BatchType, { description: 'The object at the end of the edge.' })
  readonly node!: BatchType;
}

@ObjectType('BatchConnection', { description: 'A page of an account’s batches.' })
export class BatchConnectionType {
  @Field(() => [BatchEdgeType], { description: 'Batches on this page, newest first.' })
  readonly edges!: readonly BatchEdgeType[];

  @Field(() => [BatchType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly BatchType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
