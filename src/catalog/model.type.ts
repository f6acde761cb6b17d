import type { GraphQLResolveInfo } from 'graphql';
import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { NanoUSD, PartialDate } from '../graphql/scalars.js';
import { selectedFields } from '../graphql/selection.js';
import {
  type Model,
  MODEL_STATUSES,
  MODEL_TASKS,
  type ModelDetails,
  type ModelPart,
  type ModelStatus,
  type ModelTask,
  PRICE_UNITS,
  type PriceUnit,
  type PriceVersion,
} from './model.js';

registerEnumType(MODEL_STATUSES, {
  name: 'ModelStatus',
  description: 'Where a model stands in its life on this platform.',
  valuesConfig: {
    PROPOSED: { description: 'Somebody asked for it; nobody has announced it yet.' },
    COMING_SOON: { description: 'Announced and open for requests; cannot be called yet.' },
    LIVE: { description: 'Can be called; its reference scores match on this machine.' },
    DEGRADED: {
      description:
        'Cannot be called for the moment: nobody runs it, or not with the reference scores. It comes back by itself.',
    },
    DEPRECATED: { description: 'Can be called, but will be retired.' },
    RETIRED: { description: 'Cannot be called any more; kept so that links still answer.' },
  },
});

registerEnumType(MODEL_TASKS, {
  name: 'ModelTask',
  description: 'What a model does.',
  valuesConfig: {
    ZERO_SHOT_IMAGE_CLASSIFICATION: {
      description: 'Scores an image against labels given with the call.',
    },
    IMAGE_CLASSIFICATION: {
      description: 'Scores an image against the labels that it was trained on.',
    },
    IMAGE_FEATURE_EXTRACTION: { description: 'Turns an image into a vector.' },
    FEATURE_EXTRACTION: { description: 'Turns a text into a vector.' },
  },
});

registerEnumType(PRICE_UNITS, {
  name: 'PriceUnit',
  description: 'What a price is counted in.',
  valuesConfig: {
    IMAGE: { description: 'One image that is classified.' },
    LABEL_TEXT: { description: 'One label whose text is encoded.' },
    EMBEDDING: { description: 'One vector of an image or a text.' },
  },
});

@ObjectType('PriceVersion', {
  description: 'What one unit costs from a moment on. Never changed: a new price is a new version.',
})
export class PriceVersionType {
  @Field(() => ID, { description: 'Stable id, "prc_…".' })
  readonly id!: string;

  @Field(() => PRICE_UNITS, { description: 'What is counted.' })
  readonly unit!: PriceUnit;

  @Field(() => NanoUSD, { description: 'Price of one unit.' })
  readonly nanosPerUnit!: bigint;

  @Field(() => GraphQLISODateTime, {
    description: 'In force from this moment until the next version of the same unit.',
  })
  readonly effectiveFrom!: Date;

  @Field(() => Boolean, {
    description: 'It never counts: another version begins at the same moment, and replaced it.',
  })
  readonly withdrawn!: boolean;
}

@ObjectType('Spec', { description: 'One row of the table of specifications.' })
export class SpecType {
  @Field(() => String, { description: 'What the row is about, as "Architecture".' })
  readonly label!: string;

  @Field(() => String, { description: 'The fact, in words.' })
  readonly value!: string;
}

@ObjectType('FaqEntry', { description: 'A frequent question and its answer.' })
export class FaqEntryType {
  @Field(() => String, { description: 'The question, one line.' })
  readonly question!: string;

  @Field(() => String, { description: 'The answer, in Markdown.' })
  readonly answer!: string;
}

@ObjectType('Snippet', { description: 'Code to copy that uses the model.' })
export class SnippetType {
  @Field(() => String, { description: 'What the code shows.' })
  readonly title!: string;

  @Field(() => String, { description: 'Language for highlighting, as "python".' })
  readonly language!: string;

  @Field(() => String, { description: 'The code.' })
  readonly code!: string;
}

@ObjectType('Model', {
  implements: NodeType,
  description: 'A model as its page in the catalog shows it.',
})
export class ModelType implements NodeType {
  @Field(() => ID, { description: 'Stable id, "mdl_…".' })
  readonly id: string;

  @Field(() => String, { description: 'Canonical name in addresses, "owner/name".' })
  readonly slug: string;

  @Field(() => String, { description: 'Name for people.' })
  readonly name: string;

  @Field(() => String, { description: 'Who publishes it: the first part of the slug.' })
  readonly owner: string;

  @Field(() => MODEL_TASKS, { description: 'What it does.' })
  readonly task: ModelTask;

  @Field(() => MODEL_STATUSES, { description: 'Whether it can be called here.' })
  readonly status: ModelStatus;

  @Field(() => GraphQLISODateTime, { description: 'Since when it has this status.' })
  readonly statusChangedAt: Date;

  @Field(() => String, { description: 'What it is, in one line.' })
  readonly summary: string;

  @Field(() => PartialDate, {
    nullable: true,
    description: 'When it was first published; null where not known.',
  })
  readonly publishedOn: string | null;

  @Field(() => PartialDate, {
    nullable: true,
    description: 'When it was last changed; null where not known.',
  })
  readonly updatedOn: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Downloads in a month at its publisher; null where not known.',
  })
  readonly downloadsPerMonth: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Likes on the Hugging Face Hub; null where not known.',
  })
  readonly likes: number | null;

  @Field(() => Int, { description: 'How many providers serve it through an API.' })
  readonly apiProviders: number;

  @Field(() => String, {
    nullable: true,
    description: 'Licence identifier, as "apache-2.0"; null where not known.',
  })
  readonly license: string | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: 'Parameters of all towers together; null where not known.',
  })
  readonly parameters: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Side of the square image that it reads, in pixels; null where not known.',
  })
  readonly imageSizePx: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Side of a patch, in pixels; null where it has none or it is not known.',
  })
  readonly patchSizePx: number | null;

  private readonly model: Model;

  constructor(model: Model) {
    this.model = model;
    this.id = model.id;
    this.slug = model.slug;
    this.name = model.name;
    this.owner = model.owner;
    this.task = model.task;
    this.status = model.status;
    this.statusChangedAt = model.statusChangedAt;
    this.summary = model.summary;
    this.publishedOn = model.publishedOn;
    this.updatedOn = model.updatedOn;
    this.downloadsPerMonth = model.downloadsPerMonth;
    this.likes = model.likes;
    this.apiProviders = model.apiProviders;
    this.license = model.license;
    this.parameters = model.parameters;
    this.imageSizePx = model.imageSizePx;
    this.patchSizePx = model.patchSizePx;
  }

  @Field(() => String, { nullable: true, description: 'About the model, in Markdown.' })
  get about(): string | null {
    return this.details.about;
  }

  @Field(() => [SpecType], { description: 'The table of specifications, in order.' })
  get specs(): readonly SpecType[] {
    return this.details.specs;
  }

  @Field(() => [String], { description: 'What it is good for, one line each.' })
  get bestFor(): readonly string[] {
    return this.details.bestFor;
  }

  @Field(() => [FaqEntryType], { description: 'Frequent questions.' })
  get faq(): readonly FaqEntryType[] {
    return this.details.faq;
  }

  @Field(() => [SnippetType], { description: 'How to call it.' })
  get snippets(): readonly SnippetType[] {
    return this.details.snippets;
  }

  @Field(() => [String], { description: 'Other slugs that lead to this model.' })
  get aliases(): readonly string[] {
    return asked(this.model.aliases, 'aliases');
  }

  @Field(() => [PriceVersionType], {
    description: 'The price list now in force: one entry a unit that is sold.',
  })
  get prices(): readonly PriceVersion[] {
    return asked(this.model.prices, 'prices');
  }

  private get details(): ModelDetails {
    return asked(this.model.details, 'details');
  }
}

/** A part that was not read is a mistake in the look-ahead, and must not pass for an empty one. */
function asked<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`The model was read without its ${name}.`);
  return part;
}

const PART_OF_FIELD: Readonly<Record<string, ModelPart>> = {
  about: 'details',
  specs: 'details',
  bestFor: 'details',
  faq: 'details',
  snippets: 'details',
  aliases: 'aliases',
  prices: 'prices',
};

/** The parts of a model that the selection at `path` needs. */
export function partsOf(
  info: GraphQLResolveInfo,
  path: readonly string[] = [],
): ReadonlySet<ModelPart> {
  return new Set([...selectedFields(info, path)].flatMap((field) => PART_OF_FIELD[field] ?? []));
}
