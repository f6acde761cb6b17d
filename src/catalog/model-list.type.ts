import { Field, Int, ObjectType } from 'type-graphql';
import { PageInfoType } from '../graphql/pagination.js';
import type { ComparisonRow } from './comparison.js';
import { MODEL_TASKS, type ModelTask, taskName } from './model.js';
import { ModelType } from './model.type.js';

@ObjectType('ModelEdge', { description: 'An edge in a list of models.' })
export class ModelEdgeType {
  @Field(() => String, {
    description:
      'Opaque cursor; pass as `after` for the next page. Valid only with the same filter and order.',
  })
  readonly cursor!: string;

  @Field(() => ModelType, { description: 'The model at the end of the edge.' })
  readonly node!: ModelType;
}

@ObjectType('ModelConnection', { description: 'A page of models.' })
export class ModelConnectionType {
  @Field(() => [ModelEdgeType], { description: 'Models on this page.' })
  readonly edges!: readonly ModelEdgeType[];

  @Field(() => [ModelType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly ModelType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;

  /** Undefined unless the caller selects it: it costs a statement. */
  @Field(() => Int, { description: 'Total number of models that match the filter.' })
  readonly totalCount!: number | undefined;
}

@ObjectType('TaskCount', { description: 'A task with its number of models.' })
export class TaskCountType {
  @Field(() => MODEL_TASKS, { description: 'Task that the models perform.' })
  readonly task!: ModelTask;

  @Field(() => Int, { description: 'Number of models that are not retired.' })
  readonly modelCount!: number;

  @Field(() => Int, { description: 'Number of models that can be called now.' })
  readonly liveModelCount!: number;

  @Field(() => String, {
    description: 'Display name of the task, such as "Zero-shot image classification".',
  })
  readonly name!: string;
}

export function toTaskCount(count: Omit<TaskCountType, 'name'>): TaskCountType {
  return { ...count, name: taskName(count.task) };
}

@ObjectType('ComparisonRow', { description: 'A row of a model comparison.' })
class ComparisonRowType implements ComparisonRow {
  @Field(() => String, { description: 'Name of the compared attribute.' })
  readonly label!: string;

  @Field(() => [String], {
    nullable: 'items',
    description: 'One value per model, in the order of `models`; null if unknown.',
  })
  readonly values!: readonly (string | null)[];

  @Field(() => Boolean, { name: 'isDifferent', description: 'Whether the values differ.' })
  readonly differs!: boolean;
}

@ObjectType('ModelComparison', { description: 'A side-by-side comparison of models.' })
export class ModelComparisonType {
  @Field(() => [ModelType], { description: 'Compared models, in the order of the given slugs.' })
  readonly models!: readonly ModelType[];

  @Field(() => [ComparisonRowType], { description: 'Rows of the comparison table.' })
  readonly rows!: readonly ComparisonRow[];
}
