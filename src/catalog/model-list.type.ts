import { Field, Int, ObjectType } from 'type-graphql';
import { PageInfoType } from '../graphql/pagination.js';
import type { ComparisonRow } from './comparison.js';
import { MODEL_TASKS, type ModelTask, taskName } from './model.js';
import { ModelType } from './model.type.js';

@ObjectType('ModelEdge', { description: 'A model in a list, with its place.' })
export class ModelEdgeType {
  @Field(() => String, {
    description: 'Place in this list, for `after`. Good for the same filter and order only.',
  })
  readonly cursor!: string;

  @Field(() => ModelType, { description: 'The model.' })
  readonly node!: ModelType;
}

@ObjectType('ModelConnection', { description: 'One page of a list of models (Relay).' })
export class ModelConnectionType {
  @Field(() => [ModelEdgeType], { description: 'The rows of this page.' })
  readonly edges!: readonly ModelEdgeType[];

  @Field(() => PageInfoType, { description: 'Where this page lies.' })
  readonly pageInfo!: PageInfoType;

  /** Undefined unless the caller selects it: it costs a statement. */
  @Field(() => Int, { description: 'Number of models that the filter lets through, on all pages.' })
  readonly totalCount!: number | undefined;
}

@ObjectType('TaskCount', { description: 'A task and how many models do it.' })
export class TaskCountType {
  @Field(() => MODEL_TASKS, { description: 'The task.' })
  readonly task!: ModelTask;

  @Field(() => Int, { description: 'Models that are not retired.' })
  readonly modelCount!: number;

  @Field(() => Int, { description: 'Models that can be called now.' })
  readonly liveModelCount!: number;

  @Field(() => String, { description: 'The task in words, as "Zero-shot image classification".' })
  readonly name!: string;
}

export function toTaskCount(count: Omit<TaskCountType, 'name'>): TaskCountType {
  return { ...count, name: taskName(count.task) };
}

@ObjectType('ComparisonRow', { description: 'One fact of all compared models side by side.' })
class ComparisonRowType implements ComparisonRow {
  @Field(() => String, { description: 'What the row is about.' })
  readonly label!: string;

  @Field(() => [String], {
    nullable: 'items',
    description: 'One value a model, in the order of `models`; null where a model does not say.',
  })
  readonly values!: readonly (string | null)[];

  @Field(() => Boolean, { description: 'Not all values are the same.' })
  readonly differs!: boolean;
}

@ObjectType('ModelComparison', { description: 'Models side by side.' })
export class ModelComparisonType {
  @Field(() => [ModelType], { description: 'The models, in the order of the slugs.' })
  readonly models!: readonly ModelType[];

  @Field(() => [ComparisonRowType], { description: 'Their facts, aligned.' })
  readonly rows!: readonly ComparisonRow[];
}
