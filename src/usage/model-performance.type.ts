import { Field, Float, ObjectType } from 'type-graphql';
import type { ModelPerformance, ServiceWindow } from './model-performance.js';
import { LatencyPercentilesType } from './statistics.type.js';

@ObjectType('ServiceWindow', { description: 'How a model has done in a time, over all callers.' })
class ServiceWindowType {
  @Field(() => Float, {
    nullable: true,
    description:
      '0–1: calls that were answered, of those that were answered or failed on our side. Null: nobody has asked.',
  })
  readonly availability!: number | null;

  @Field(() => LatencyPercentilesType, { description: 'How long its answers took.' })
  readonly latencyMs!: ServiceWindow['latencyMs'];
}

@ObjectType('ModelPerformance', {
  description:
    'How a model has done lately, from the calls of all: as it was half a minute ago at most.',
})
export class ModelPerformanceType {
  @Field(() => ServiceWindowType, { description: 'In the last hour.' })
  readonly lastHour!: ModelPerformance['lastHour'];

  @Field(() => ServiceWindowType, { description: 'In the last 24 hours, from a whole hour on.' })
  readonly lastDay!: ModelPerformance['lastDay'];

  @Field(() => ServiceWindowType, { description: 'In the last 30 days, from a whole hour on.' })
  readonly last30Days!: ModelPerformance['last30Days'];
}
