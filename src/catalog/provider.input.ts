import { Field, ID, InputType, Int } from 'type-graphql';
import { present } from '../graphql/input.js';
import { NanoUSD } from '../graphql/scalars.js';
import { PRICE_UNITS, type PriceUnit } from './model.js';
import {
  type NewProvider,
  PROVIDER_PROTOCOLS,
  type ProviderCosts,
  type ProviderEdit,
  type ProviderProtocol,
} from './provider.js';

@InputType('ProviderCostInput', {
  description: 'Cost of one unit that a provider charges the platform.',
})
export class ProviderCostInput {
  @Field(() => PRICE_UNITS, { description: 'Unit that is charged.' })
  readonly unit!: PriceUnit;

  @Field(() => NanoUSD, { description: 'Cost per unit, 0 or more.' })
  readonly nanosPerUnit!: bigint;
}

@InputType('CreateProviderInput', { description: 'Settings of a new provider.' })
export class CreateProviderInput {
  @Field(() => String, { description: 'Slug, alias or ID of the model.' })
  readonly model!: string;

  @Field(() => String, {
    description:
      'Name of the provider, 1 to 50 lowercase letters, digits and hyphens; unique per model.',
  })
  readonly name!: string;

  @Field(() => PROVIDER_PROTOCOLS, {
    defaultValue: PROVIDER_PROTOCOLS.OPEN_INFERENCE,
    description: 'Protocol used to reach the provider.',
  })
  readonly protocol!: ProviderProtocol;

  @Field(() => String, {
    nullable: true,
    description: 'Base URL, http:// or https://; required unless the protocol is BUILT_IN.',
  })
  readonly url?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Bearer token sent to the provider; cannot be read back.',
  })
  readonly token?: string;

  @Field(() => [ProviderCostInput], {
    nullable: true,
    description: 'Costs per unit that the provider charges the platform; for bookkeeping only.',
  })
  readonly costs?: ProviderCostInput[];

  @Field(() => Int, {
    nullable: true,
    description:
      'Priority, 0 to 1000. Healthy providers with a higher priority are used first. 0 by default.',
  })
  readonly priority?: number;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether the provider can receive calls once its golden scores have been verified. True by default.',
  })
  readonly isEnabled?: boolean;
}

@InputType('UpdateProviderInput', {
  description: 'Changes to a provider. Omitted fields keep their values.',
})
export class UpdateProviderInput {
  @Field(() => ID, { description: 'ID of the provider, prefixed with `prv_`.' })
  readonly id!: string;

  @Field(() => String, { nullable: true, description: 'Name of the provider; unique per model.' })
  readonly name?: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Base URL of the provider. After a change, golden scores are verified again before it receives calls.',
  })
  readonly url?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Bearer token sent to the provider; null removes it.',
  })
  readonly token?: string | null;

  @Field(() => [ProviderCostInput], {
    nullable: true,
    description: 'Complete list of costs per unit.',
  })
  readonly costs?: ProviderCostInput[];

  @Field(() => Int, {
    nullable: true,
    description: 'Priority, 0 to 1000. Healthy providers with a higher priority are used first.',
  })
  readonly priority?: number;

  @Field(() => Boolean, { nullable: true, description: 'Whether the provider can receive calls.' })
  readonly isEnabled?: boolean;
}

export function toNewProvider({ name, protocol, ...input }: CreateProviderInput): NewProvider {
  const { url, token, costs, priority, isEnabled: enabled } = present(input);
  return { name, protocol, url, token, costs: toCosts(costs), priority, enabled };
}

export function toProviderEdit({ token, ...input }: Omit<UpdateProviderInput, 'id'>): ProviderEdit {
  const { name, url, costs, priority, isEnabled: enabled } = present(input);
  const edit = { name, url, token, costs: toCosts(costs), priority, enabled };
  // A URL that is not there is no change; a key with undefined would say that it is.
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
}

function toCosts(costs: readonly ProviderCostInput[] | undefined): ProviderCosts | undefined {
  return costs && Object.fromEntries(costs.map(({ unit, nanosPerUnit }) => [unit, nanosPerUnit]));
}
