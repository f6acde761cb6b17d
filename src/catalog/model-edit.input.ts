import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, GraphQLISODateTime, InputType, Int } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import { MODEL_TASKS, type ModelTask, PRICE_UNITS, type PriceUnit } from './model.js';

@InputType('SpecInput', { description: 'One row of the table of specifications.' })
export class SpecInput {
  @Field(() => String, { description: 'What the row is about, as "Architecture".' })
  readonly label!: string;

  @Field(() => String, { description: 'The fact, in words.' })
  readonly value!: string;
}

@InputType('FaqEntryInput', { description: 'A frequent question and its answer.' })
export class FaqEntryInput {
  @Field(() => String, { description: 'The question, one line.' })
  readonly question!: string;

  @Field(() => String, { description: 'The answer, in Markdown.' })
  readonly answer!: string;
}

@InputType('SnippetInput', { description: 'Code to copy that uses the model.' })
export class SnippetInput {
  @Field(() => String, { description: 'What the code shows.' })
  readonly title!: string;

  @Field(() => String, { description: 'Language for highlighting, as "python".' })
  readonly language!: string;

  @Field(() => String, { description: 'The code.' })
  readonly code!: string;
}

@InputType('EditModelInput', {
  description:
    'Facts of a model’s page to change. What is left out stays; null clears a fact that may be unknown.',
})
export class EditModelInput {
  @Field(() => String, { nullable: true, description: 'Name for people, one line.' })
  readonly name?: string | null;

  @Field(() => MODEL_TASKS, { nullable: true, description: 'What it does.' })
  readonly task?: ModelTask | null;

  @Field(() => String, { nullable: true, description: 'What it is, in one line.' })
  readonly summary?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'When it was first published: "2023", "2023-10" or "2023-10-17".',
  })
  readonly publishedOn?: string | null;

  @Field(() => String, { nullable: true, description: 'When it was last changed, likewise.' })
  readonly updatedOn?: string | null;

  @Field(() => Int, { nullable: true, description: 'Downloads in a month at its publisher.' })
  readonly downloadsPerMonth?: number | null;

  @Field(() => String, { nullable: true, description: 'Licence identifier, as "apache-2.0".' })
  readonly license?: string | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: 'Parameters of all towers together.',
  })
  readonly parameters?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Side of the square image that it reads, in pixels.',
  })
  readonly imageSizePx?: number | null;

  @Field(() => Int, { nullable: true, description: 'Side of a patch, in pixels.' })
  readonly patchSizePx?: number | null;

  @Field(() => String, { nullable: true, description: 'About the model, in Markdown.' })
  readonly about?: string | null;

  @Field(() => [SpecInput], { nullable: true, description: 'The whole table, in order.' })
  readonly specs?: SpecInput[] | null;

  @Field(() => [String], { nullable: true, description: 'What it is good for, one line each.' })
  readonly bestFor?: string[] | null;

  @Field(() => [FaqEntryInput], { nullable: true, description: 'All frequent questions.' })
  readonly faq?: FaqEntryInput[] | null;

  @Field(() => [SnippetInput], { nullable: true, description: 'All of how to call it.' })
  readonly snippets?: SnippetInput[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Slugs of related models, best first; the rest of that list is computed.',
  })
  readonly relatedSlugs?: string[] | null;
}

@InputType('CreateModelInput', {
  description: 'A model to add to the catalog. Name, task and summary are needed.',
})
export class CreateModelInput extends EditModelInput {
  @Field(() => String, { description: 'Canonical name in addresses, "owner/name".' })
  readonly slug!: string;

  @Field(() => [String], { nullable: true, description: 'Other slugs that lead to it.' })
  readonly aliases?: string[] | null;
}

@InputType('SetModelPriceInput', { description: 'A new version of a price.' })
export class SetModelPriceInput {
  @Field(() => String, { description: 'The model: slug, alias or id.' })
  readonly model!: string;

  @Field(() => PRICE_UNITS, { description: 'What is counted.' })
  readonly unit!: PriceUnit;

  @Field(() => NanoUSD, { description: 'Price of one unit, 0 or more.' })
  readonly nanosPerUnit!: bigint;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'From when, not in the past; left out: from now on.',
  })
  readonly effectiveFrom?: Date | null;
}

/** The facts that were named, as a file of the catalog folder has them: null stays, what was left out is not there. */
export function namedFacts(input: EditModelInput): object {
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
