import { Field, InputType, Int } from 'type-graphql';
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

@InputType('ProviderCostInput', { description: 'What a unit costs the platform at a provider.' })
export class ProviderCostInput {
  @Field(() => PRICE_UNITS, { description: 'What is counted.' })
  readonly unit!: PriceUnit;

  @Field(() => NanoUSD, { description: 'Cost of one unit, 0 or more.' })
  readonly nanosPerUnit!: bigint;
}

@InputType('AddProviderInput', { description: 'A provider to add to a model.' })
export class AddProviderInput {
  @Field(() => String, { description: 'The model: slug, alias or id.' })
  readonly model!: string;

  @Field(() => String, { description: '1 to 50 small letters, digits and hyphens.' })
  readonly name!: string;

  @Field(() => PROVIDER_PROTOCOLS, {
    defaultValue: PROVIDER_PROTOCOLS.OPEN_INFERENCE,
    description: 'How it is spoken to.',
  })
  readonly protocol!: ProviderProtocol;

  @Field(() => String, {
    nullable: true,
    description: 'http:// or https://; needed, but for the built-in predictor.',
  })
  readonly url?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Bearer token that it wants to see. It is never shown again.',
  })
  readonly token?: string;

  @Field(() => [ProviderCostInput], {
    nullable: true,
    description: 'What it costs the platform; for your own books.',
  })
  readonly costs?: ProviderCostInput[];

  @Field(() => Int, {
    nullable: true,
    description: '0 to 1000: of those that are well, the highest is asked first. Left out: 0.',
  })
  readonly priority?: number;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it may get calls, once it has shown the golden scores. Left out: yes.',
  })
  readonly enabled?: boolean;
}

@InputType('EditProviderInput', { description: 'What to change; what is left out stays.' })
export class EditProviderInput {
  @Field(() => String, { nullable: true, description: 'Its name.' })
  readonly name?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Where it is: another place has to show the golden scores before it gets calls.',
  })
  readonly url?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Bearer token that it wants to see; null: none.',
  })
  readonly token?: string | null;

  @Field(() => [ProviderCostInput], { nullable: true, description: 'All of what it costs.' })
  readonly costs?: ProviderCostInput[];

  @Field(() => Int, { nullable: true, description: '0 to 1000.' })
  readonly priority?: number;

  @Field(() => Boolean, { nullable: true, description: 'Whether it may get calls.' })
  readonly enabled?: boolean;
}

export function toNewProvider({ name, protocol, ...input }: AddProviderInput): NewProvider {
  const { url, token, costs, priority, enabled } = present(input);
  return { name, protocol, url, token, costs: toCosts(costs), priority, enabled };
}

export function toProviderEdit({ token, ...input }: EditProviderInput): ProviderEdit {
  const { name, url, costs, priority, enabled } = present(input);
  const edit = { name, url, token, costs: toCosts(costs), priority, enabled };
  // A URL that is not there is no change; a key with undefined would say that it is.
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
}

function toCosts(costs: readonly ProviderCostInput[] | undefined): ProviderCosts | undefined {
  return costs && Object.fromEntries(costs.map(({ unit, nanosPerUnit }) => [unit, nanosPerUnit]));
}
