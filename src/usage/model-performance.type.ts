import { Field, Float, ObjectType } from 'type-graphql';
import type { ModelPerformance, ServiceWindow } from './model-performance.js';
import { LatencyPercentilesType } from './statistics.type.js';

@ObjectType('ServiceWindow', {
  description: 'Performance of a model over a period, across all callers.',
})
class ServiceWindowType {
  @Field(() => Float, {
    nullable: true,
    description:
      'Share of calls that succeeded, 0 to 1; failures caused by the caller do not count. Null if there were no calls.',
  })
  readonly availability!: number | null;

  @Field(() => LatencyPercentilesType, { description: 'Latency of successful calls.' })
  readonly latencyMs!: ServiceWindow['latencyMs'];
}

@ObjectType('ModelPerformance', {
  description: 'Recent performance of a model across all callers, at most 30 seconds old.',
})
export class ModelPerformanceType {
  @Field(() => ServiceWindowType, { description: 'Performance in the last hour.' })
  readonly lastHour!: ModelPerformance['lastHour'];

  @Field(() => ServiceWindowType, {
    description: 'Performance in the last 24 hours, starting at a full hour.',
  })
  readonly lastDay!: ModelPerformance['lastDay'];

  @Field(() => ServiceWindowType, {
    description: 'Performance in the last 30 days, starting at a full hour.',
  })
  readonly last30Days!: ModelPerformance['last30Days'];
}
