import { Field, GraphQLISODateTime, ID, ObjectType, registerEnumType } from 'type-graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import {
  ACCOUNT_KINDS,
  type AccountKind,
  type AccountOfUser,
  type Role,
  ROLES,
} from './account.js';

registerEnumType(ACCOUNT_KINDS, {
  name: 'AccountKind',
  description: 'Whose an account is.',
  valuesConfig: {
    PERSONAL: { description: 'One person’s own.' },
    ORGANISATION: { description: 'Several people’s, with roles.' },
  },
});

registerEnumType(ROLES, {
  name: 'Role',
  description: 'What somebody may do on an account.',
  valuesConfig: {
    OWNER: { description: 'Everything.' },
    ADMIN: { description: 'Everything but ending the account and making owners.' },
    DEVELOPER: { description: 'Run models, and read.' },
    BILLING: { description: 'Buy credit, and read.' },
    VIEWER: { description: 'Read.' },
  },
});

@ObjectType('Account', { description: 'What is billed: it holds credit, keys and runs.' })
export class AccountType {
  @Field(() => ID, { description: '"acct_…", for the header x-gigarouter-account.' })
  readonly id!: string;

  @Field(() => ACCOUNT_KINDS, { description: 'Whose it is.' })
  readonly kind!: AccountKind;

  @Field(() => String, { description: 'What it is called.' })
  readonly name!: string;

  @Field(() => ROLES, { description: 'What you are there.' })
  readonly role!: Role;

  @Field(() => String, {
    nullable: true,
    description: 'Why it is frozen: it can read, but neither call nor buy. null: it is not.',
  })
  readonly frozenReason!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'When it was opened.' })
  readonly createdAt!: Date;
}

export function toAccount({ standing, ...account }: AccountOfUser): AccountType {
  return { ...account, frozenReason: standing.frozenReason };
}

@ObjectType('Viewer', { description: 'The person who is signed in.' })
export class ViewerType {
  @Field(() => ID, { description: '"usr_…".' })
  readonly id!: string;

  @Field(() => String, { description: 'Address to sign in with.' })
  readonly email!: string;

  @Field(() => Boolean, { description: 'The address has been confirmed.' })
  readonly emailVerified!: boolean;

  @Field(() => String, { description: 'As given at sign-up.' })
  readonly name!: string;

  @Field(() => Boolean, { description: 'Runs the platform.' })
  readonly operator!: boolean;

  @Field(() => Boolean, {
    description: 'Gets mails about sign-ins from new places, changed passwords and new keys.',
  })
  readonly securityMails!: boolean;

  @Field(() => Boolean, { description: 'Signs in with a code of an authenticator app as well.' })
  readonly hasSecondFactor!: boolean;

  @Field(() => [AccountType], {
    description: 'The personal one first, then organisations by name.',
  })
  readonly accounts!: readonly AccountType[];
}

@ObjectType('AuditEvent', { description: 'Something that mattered for security. Never changed.' })
export class AuditEventType {
  @Field(() => ID, { description: '"aud_…".' })
  readonly id!: string;

  @Field(() => String, { description: 'As "key.created".' })
  readonly action!: string;

  @Field(() => ID, { nullable: true, description: 'What it was done to.' })
  readonly target!: string | null;

  @Field(() => GraphQLJSONObject, { description: 'More about it.' })
  readonly details!: Readonly<Record<string, unknown>>;

  @Field(() => ID, { nullable: true, description: 'The person who did it.' })
  readonly userId!: string | null;

  @Field(() => ID, { nullable: true, description: 'The key that did it.' })
  readonly keyId!: string | null;

  @Field(() => String, { nullable: true, description: 'From where.' })
  readonly ipAddress!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'When.' })
  readonly createdAt!: Date;
}
