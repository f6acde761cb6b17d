import { Arg, type ClassType, Field, ID, InputType } from 'type-graphql';

/** The one argument of a mutation. */
export function InputArg(type: () => ClassType): ReturnType<typeof Arg> {
  return Arg('input', type, { description: 'Parameters of the mutation.' });
}

/** Input of a mutation on an account. Who carries it out resolves `accountId` and leaves it out (mutations.ts). */
@InputType()
export abstract class AccountInput {
  @Field(() => ID, {
    nullable: true,
    description:
      'ID of the account to act on; defaults to the API key’s account, else the personal account.',
  })
  readonly accountId?: string | null;
}

/** Plain fields of an input, without those that were sent as null, which mean the same as left out. */
export function present<T extends object>(input: T): { [Field in keyof T]: T[Field] } {
  const entries = Object.entries(input).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as T;
}

/** An input whose fields `from` are called `to` further in; what is omitted stays omitted. */
export function renamed<T extends object, const Names extends Partial<Record<keyof T, string>>>(
  input: T,
  names: Names,
): { [Field in keyof T as Field extends keyof Names ? Names[Field] & string : Field]: T[Field] } {
  const entries = Object.entries(input).map(([field, value]: [string, unknown]) => {
    const name = (names as Record<string, string>)[field] ?? field;
    return [name, value] as const;
  });
  return Object.fromEntries(entries) as ReturnType<typeof renamed<T, Names>>;
}
