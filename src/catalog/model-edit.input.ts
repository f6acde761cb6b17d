import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, GraphQLISODateTime, InputType, Int } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import { MODEL_TASKS, type ModelTask, PRICE_UNITS, type PriceUnit } from './model.js';

@InputType('SpecInput', { description: 'A row of the specification table.' })
class SpecInput {
  @Field(() => String, { description: 'Name of the specification, such as "Architecture".' })
  readonly label!: string;

  @Field(() => String, { description: 'Value of the specification.' })
  readonly value!: string;
}

@InputType('FaqEntryInput', { description: 'A frequently asked question and its answer.' })
class FaqEntryInput {
  @Field(() => String, { description: 'The question, on one line.' })
  readonly question!: string;

  @Field(() => String, { description: 'The answer, in Markdown.' })
  readonly answer!: string;
}

@InputType('SnippetInput', { description: 'A code example that calls the model.' })
class SnippetInput {
  @Field(() => String, { description: 'Title of the example.' })
  readonly title!: string;

  @Field(() => String, { description: 'Language for syntax highlighting, such as "python".' })
  readonly language!: string;

  @Field(() => String, { description: 'Source code of the example.' })
  readonly code!: string;
}

/** Facts of a model's page. */
@InputType()
abstract class ModelFactsInput {
  @Field(() => String, { nullable: true, description: 'Display name, on one line.' })
  readonly name?: string | null;

  @Field(() => MODEL_TASKS, { nullable: true, description: 'Task that the model performs.' })
  readonly task?: ModelTask | null;

  @Field(() => String, { nullable: true, description: 'One-line summary of the model.' })
  readonly summary?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Date of first publication: "2023", "2023-10" or "2023-10-17".',
  })
  readonly publishedOn?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Date of the last update, in the same format as `publishedOn`.',
  })
  readonly updatedOn?: string | null;

  @Field(() => Int, { nullable: true, description: 'Monthly downloads from the publisher.' })
  readonly downloadsPerMonth?: number | null;

  @Field(() => String, { nullable: true, description: 'License identifier, such as "apache-2.0".' })
  readonly license?: string | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: 'Total number of parameters, including all towers.',
  })
  readonly parameters?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Side length of the square input image, in pixels.',
  })
  readonly imageSizePx?: number | null;

  @Field(() => Int, { nullable: true, description: 'Side length of an image patch, in pixels.' })
  readonly patchSizePx?: number | null;

  @Field(() => String, { nullable: true, description: 'Description of the model, in Markdown.' })
  readonly about?: string | null;

  @Field(() => [SpecInput], {
    nullable: true,
    description: 'Complete specification table, in display order.',
  })
  readonly specs?: SpecInput[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Complete list of recommended uses, one line each.',
  })
  readonly bestFor?: string[] | null;

  @Field(() => [FaqEntryInput], {
    nullable: true,
    description: 'Complete list of frequently asked questions.',
  })
  readonly faq?: FaqEntryInput[] | null;

  @Field(() => [SnippetInput], { nullable: true, description: 'Complete list of code examples.' })
  readonly snippets?: SnippetInput[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Slugs of related models, best match first. Computed models are appended.',
  })
  readonly relatedSlugs?: string[] | null;
}

@InputType('UpdateModelInput', {
  description:
    'Changes to the catalog page of a model. Omitted fields keep their values; null clears optional fields.',
})
export class UpdateModelInput extends ModelFactsInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  readonly model!: string;
}

@InputType('CreateModelInput', {
  description: 'A model to add to the catalog. `name`, `task` and `summary` are required.',
})
export class CreateModelInput extends ModelFactsInput {
  @Field(() => String, { description: 'Canonical name of the model, in the form "owner/name".' })
  readonly slug!: string;

  @Field(() => [String], { nullable: true, description: 'Other slugs that resolve to the model.' })
  readonly aliases?: string[] | null;
}

@InputType('SetModelPriceInput', { description: 'A new price version of a model.' })
export class SetModelPriceInput {
  @Field(() => String, { description: 'Slug, alias or ID of the model.' })
  readonly model!: string;

  @Field(() => PRICE_UNITS, { description: 'Unit that is charged.' })
  readonly unit!: PriceUnit;

  @Field(() => NanoUSD, { description: 'Price per unit, 0 or more.' })
  readonly nanosPerUnit!: bigint;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description:
      'Time from which the price applies; must not be in the past. Takes effect now if omitted.',
  })
  readonly effectiveFrom?: Date | null;
}

/** The facts that were named, as a file of the catalog folder has them: null stays, what was left out is not there. */
export function namedFacts(input: ModelFactsInput): object {
  return Object.fromEntries(
    Object.entries(input)
      .filter(([, value]) => value !== undefined)
      // The inputs of lists are instances of classes; the schema wants plain objects.
      .map(([name, value]: [string, unknown]) => [name, plain(value)]),
  );
}

function plain(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((one: unknown) => (typeof one === 'object' ? { ...one } : one));
}
