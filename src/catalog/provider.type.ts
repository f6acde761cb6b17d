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
  description: 'Protocol used to reach a provider.',
  valuesConfig: {
    BUILT_IN: {
      description: 'The predictor included with the server, or the one at PREDICTOR_URL.',
    },
    OPEN_INFERENCE: {
      description:
        'Open Inference Protocol v2 over HTTP: another predictor, Triton, KServe or OpenVINO Model Server.',
    },
  },
});

registerEnumType(PROVIDER_HEALTHS, {
  name: 'ProviderHealth',
  description: 'Result of a provider’s last health check.',
  valuesConfig: {
    UNKNOWN: { description: 'Golden scores not verified yet; receives no calls.' },
    READY: { description: 'Healthy; serves the model.' },
    UNREACHABLE: { description: 'Does not respond for this model; used as a last resort.' },
    WRONG_SCORES: { description: 'Returns wrong golden scores; receives no calls.' },
  },
});

@ObjectType('ProviderCost', {
  description: 'Cost of one unit that a provider charges the platform.',
})
export class ProviderCostType {
  @Field(() => PRICE_UNITS, { description: 'Unit that is charged.' })
  readonly unit!: PriceUnit;

  @Field(() => NanoUSD, { description: 'Cost of one unit.' })
  readonly nanosPerUnit!: bigint;
}

@ObjectType('Provider', {
  description: 'A provider that serves a model. Its token is never returned.',
})
export class ProviderType {
  @Field(() => ID, { description: 'ID of the provider, prefixed with `prv_`.' })
  readonly id!: string;

  @Field(() => ID, { description: 'ID of the served model, prefixed with `mdl_`.' })
  readonly modelId!: string;

  @Field(() => String, { description: 'Name of the provider; unique per model.' })
  readonly name!: string;

  @Field(() => PROVIDER_PROTOCOLS, { description: 'Protocol used to reach the provider.' })
  readonly protocol!: ProviderProtocol;

  @Field(() => String, {
    nullable: true,
    description: 'Base URL; null for the built-in predictor.',
  })
  readonly url!: string | null;

  @Field(() => Boolean, { description: 'Whether a bearer token is sent to the provider.' })
  readonly hasToken!: boolean;

  @Field(() => [ProviderCostType], {
    description: 'Costs per unit that the provider charges the platform.',
  })
  readonly costs!: readonly ProviderCostType[];

  @Field(() => Int, {
    description: 'Priority, 0 to 1000. Healthy providers with a higher priority are used first.',
  })
  readonly priority!: number;

  @Field(() => Boolean, {
    name: 'isEnabled',
    description: 'Whether the provider can receive calls.',
  })
  readonly enabled!: boolean;

  @Field(() => PROVIDER_HEALTHS, { description: 'Result of the last health check.' })
  readonly health!: ProviderHealth;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time of the last health check; null if there was none.',
  })
  readonly checkedAt!: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Duration of the last health check, in milliseconds; null if there was none.',
  })
  readonly latencyMs!: number | null;

  @Field(() => Int, { description: 'Number of consecutive failed health checks.' })
  readonly failures!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Reason why the last health check failed; null if it passed.',
  })
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
