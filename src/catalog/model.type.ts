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
  taskName,
} from './model.js';

registerEnumType(MODEL_STATUSES, {
  name: 'ModelStatus',
  description: 'Stage of a model’s life cycle on this platform.',
  valuesConfig: {
    PROPOSED: { description: 'Requested but not yet announced.' },
    COMING_SOON: { description: 'Announced and open for requests; cannot be called yet.' },
    LIVE: {
      description: 'Can be called. Its reference scores have been verified on this platform.',
    },
    DEGRADED: {
      description:
        'Temporarily unavailable: no provider serves the model with its reference scores. Recovers automatically.',
    },
    DEPRECATED: { description: 'Can be called, but will be retired.' },
    RETIRED: { description: 'Can no longer be called. Its page remains.' },
  },
});

registerEnumType(MODEL_TASKS, {
  name: 'ModelTask',
  description: 'Task that a model performs.',
  valuesConfig: {
    ZERO_SHOT_IMAGE_CLASSIFICATION: {
      description: 'Scores an image against labels given in the call.',
    },
    IMAGE_CLASSIFICATION: {
      description: 'Scores an image against the labels the model was trained on.',
    },
    IMAGE_FEATURE_EXTRACTION: { description: 'Computes an embedding vector for an image.' },
    FEATURE_EXTRACTION: { description: 'Computes an embedding vector for a text.' },
  },
});

registerEnumType(PRICE_UNITS, {
  name: 'PriceUnit',
  description: 'Unit in which usage is priced.',
  valuesConfig: {
    IMAGE: { description: 'One classified image.' },
    LABEL_TEXT: { description: 'One encoded label text.' },
    EMBEDDING: { description: 'One embedding vector of an image or a text.' },
  },
});

@ObjectType('PriceVersion', {
  implements: NodeType,
  description: 'Price of one unit from a given time on. Immutable; a new price is a new version.',
})
export class PriceVersionType implements NodeType {
  @Field(() => ID, { description: 'ID of the price version, prefixed with `prc_`.' })
  readonly id!: string;

  @Field(() => PRICE_UNITS, { description: 'Unit that is charged.' })
  readonly unit!: PriceUnit;

  @Field(() => NanoUSD, { description: 'Price per unit.' })
  readonly nanosPerUnit!: bigint;

  @Field(() => GraphQLISODateTime, {
    description: 'Time from which the price applies, until the next version for the same unit.',
  })
  readonly effectiveFrom!: Date;

  @Field(() => Boolean, {
    name: 'isWithdrawn',
    description:
      'Whether another version with the same start has replaced this one, which never applies.',
  })
  readonly withdrawn!: boolean;
}

@ObjectType('Spec', { description: 'A row of the specification table.' })
export class SpecType {
  @Field(() => String, { description: 'Name of the specification, such as "Architecture".' })
  readonly label!: string;

  @Field(() => String, { description: 'Value of the specification.' })
  readonly value!: string;
}

@ObjectType('FaqEntry', { description: 'A frequently asked question and its answer.' })
export class FaqEntryType {
  @Field(() => String, { description: 'The question, on one line.' })
  readonly question!: string;

  @Field(() => String, { description: 'The answer, in Markdown.' })
  readonly answer!: string;
}

@ObjectType('Snippet', { description: 'A code example that calls the model.' })
export class SnippetType {
  @Field(() => String, { description: 'Title of the example.' })
  readonly title!: string;

  @Field(() => String, { description: 'Language for syntax highlighting, such as "python".' })
  readonly language!: string;

  @Field(() => String, { description: 'Source code of the example.' })
  readonly code!: string;
}

@ObjectType('Model', {
  implements: NodeType,
  description: 'A model in the catalog.',
})
export class ModelType implements NodeType {
  @Field(() => ID, { description: 'ID of the model, prefixed with `mdl_`.' })
  readonly id: string;

  @Field(() => String, { description: 'Canonical name of the model, in the form "owner/name".' })
  readonly slug: string;

  @Field(() => String, { description: 'Display name of the model.' })
  readonly name: string;

  @Field(() => String, { description: 'Publisher of the model; the first part of the slug.' })
  readonly owner: string;

  @Field(() => MODEL_TASKS, { description: 'Task that the model performs.' })
  readonly task: ModelTask;

  @Field(() => MODEL_STATUSES, { description: 'Whether the model can be called on this platform.' })
  readonly status: ModelStatus;

  @Field(() => GraphQLISODateTime, { description: 'Time of the last status change.' })
  readonly statusChangedAt: Date;

  @Field(() => String, { description: 'One-line summary of the model.' })
  readonly summary: string;

  @Field(() => PartialDate, {
    nullable: true,
    description: 'Date of first publication; null if unknown.',
  })
  readonly publishedOn: string | null;

  @Field(() => PartialDate, {
    nullable: true,
    description: 'Date of the last update; null if unknown.',
  })
  readonly updatedOn: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Monthly downloads from the publisher; null if unknown.',
  })
  readonly downloadsPerMonth: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Likes on the Hugging Face Hub; null if unknown.',
  })
  readonly likes: number | null;

  @Field(() => Int, { description: 'Number of providers that serve the model through an API.' })
  readonly apiProviders: number;

  @Field(() => String, {
    nullable: true,
    description: 'License identifier, such as "apache-2.0"; null if unknown.',
  })
  readonly license: string | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: 'Total number of parameters, including all towers; null if unknown.',
  })
  readonly parameters: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Side length of the square input image, in pixels; null if unknown.',
  })
  readonly imageSizePx: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Side length of an image patch, in pixels; null if unknown or not applicable.',
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

  @Field(() => String, { description: 'Display name of the task.' })
  get taskName(): string {
    return taskName(this.task);
  }

  @Field(() => String, { nullable: true, description: 'Description of the model, in Markdown.' })
  get about(): string | null {
    return this.details.about;
  }

  @Field(() => [SpecType], { description: 'Specification table, in display order.' })
  get specs(): readonly SpecType[] {
    return this.details.specs;
  }

  @Field(() => [String], { description: 'Recommended uses, one line each.' })
  get bestFor(): readonly string[] {
    return this.details.bestFor;
  }

  @Field(() => [FaqEntryType], { description: 'Frequently asked questions and their answers.' })
  get faq(): readonly FaqEntryType[] {
    return this.details.faq;
  }

  @Field(() => [SnippetType], { description: 'Code examples that call the model.' })
  get snippets(): readonly SnippetType[] {
    return this.details.snippets;
  }

  @Field(() => [String], { description: 'Other slugs that resolve to this model.' })
  get aliases(): readonly string[] {
    return asked(this.model.aliases, 'aliases');
  }

  @Field(() => [PriceVersionType], {
    description: 'Prices in effect now, one per charged unit.',
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
