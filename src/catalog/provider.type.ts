import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import { PRICE_UNITS, type PriceUnit } from './model.js';
import {
  type Provider,
  PROVIDER_HEALTHS,
  PROVIDER_PROTOCOLS,
  type ProviderHealth,
  type ProviderProtocol,
} from './provider.js';

registerEnumType(PROVIDER_PROTOCOLS, {
  name: 'ProviderProtocol',
  description: 'How a provider is spoken to.',
  valuesConfig: {
    BUILT_IN: { description: 'The predictor that comes with the server, or PREDICTOR_URL.' },
    OPEN_INFERENCE: {
      description:
        'Open Inference Protocol v2 over HTTP: another predictor, Triton, KServe or OpenVINO Model Server.',
    },
  },
});

registerEnumType(PROVIDER_HEALTHS, {
  name: 'ProviderHealth',
  description: 'How a provider did when it was last asked.',
  valuesConfig: {
    UNKNOWN: { description: 'It has not shown the golden scores yet, and gets no calls.' },
    READY: { description: 'It serves the model.' },
    UNREACHABLE: { description: 'It does not answer, or not for this model: it is asked last.' },
    WRONG_SCORES: { description: 'It does not give the golden scores, and gets no calls.' },
  },
});

@ObjectType('ProviderCost', { description: 'What a unit costs the platform at a provider.' })
export class ProviderCostType {
  @Field(() => PRICE_UNITS, { description: 'What is counted.' })
  readonly unit!: PriceUnit;

  @Field(() => NanoUSD, { description: 'Cost of one unit.' })
  readonly nanosPerUnit!: bigint;
}

@ObjectType('Provider', { description: 'Who runs a model. Its token is never shown.' })
export class ProviderType {
  @Field(() => ID, { description: 'Stable id, "prv_…".' })
  readonly id!: string;

  @Field(() => ID, { description: 'Its model.' })
  readonly modelId!: string;

  @Field(() => String, { description: 'Its name; each is unique for a model.' })
  readonly name!: string;

  @Field(() => PROVIDER_PROTOCOLS, { description: 'How it is spoken to.' })
  readonly protocol!: ProviderProtocol;

  @Field(() => String, { nullable: true, description: 'Where; null for the built-in predictor.' })
  readonly url!: string | null;

  @Field(() => Boolean, { description: 'Whether it is shown a bearer token.' })
  readonly hasToken!: boolean;

  @Field(() => [ProviderCostType], { description: 'What it costs the platform.' })
  readonly costs!: readonly ProviderCostType[];

  @Field(() => Int, {
    description: '0 to 1000: of those that are well, the highest is asked first.',
  })
  readonly priority!: number;

  @Field(() => Boolean, { description: 'Whether it may get calls at all.' })
  readonly enabled!: boolean;

  @Field(() => PROVIDER_HEALTHS, { description: 'How it did when it was last asked.' })
  readonly health!: ProviderHealth;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When that was.' })
  readonly checkedAt!: Date | null;

  @Field(() => Int, { nullable: true, description: 'How long it took, in milliseconds.' })
  readonly latencyMs!: number | null;

  @Field(() => Int, { description: 'Checks that failed since one passed.' })
  readonly failures!: number;

  @Field(() => String, { nullable: true, description: 'Why the last check failed.' })
  readonly problem!: string | null;
}

export function toProvider({ costs, ...provider }: Provider): ProviderType {
  return {
    ...provider,
    costs: Object.entries(costs).map(([unit, nanosPerUnit]) => ({
      unit: unit as PriceUnit,
      nanosPerUnit,
    })),
  };
}

@ObjectType('RemovedProvider', { description: 'A provider that is there no more.' })
export class RemovedProviderType {
  @Field(() => ID, { description: 'Its id.' })
  readonly id!: string;
}
