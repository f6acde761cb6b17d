import { FieldResolver, Resolver, Root } from 'type-graphql';
import { ModelType } from '../catalog/index.js';
import { ModelPerformanceType } from './model-performance.type.js';
import type { UsageService } from './usage.service.js';

/** What the catalog shows of a model that only its calls know. */
@Resolver(() => ModelType)
export class ModelPerformanceResolver {
  constructor(private readonly usage: UsageService) {}

  @FieldResolver(() => ModelPerformanceType, {
    // One look serves all models.
    complexity: ({ childComplexity }) => 1 + childComplexity,
    description: 'Latency and availability of the model, measured on real calls.',
  })
  performance(@Root() { slug }: ModelType): Promise<ModelPerformanceType> {
    return this.usage.performance(slug);
  }
}
