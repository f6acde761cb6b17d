import type { CreditsService } from '../credits/index.js';
import type { DomainResolvers } from '../graphql/node.resolver.js';
import type { MailSenders } from '../platform/mail-queue.js';
import { createRateCounter } from '../platform/rate-counter.js';
import { AccountAdminResolver } from './account-admin.resolver.js';
import { AccountFieldsResolver } from './account-fields.resolver.js';
import { AccountAdminService } from './account-admin.service.js';
import { AccountsResolver } from './accounts.resolver.js';
import { AccountsService, type FreeCredit, type OpenPages } from './accounts.service.js';
import { ApiKeyFieldsResolver } from './api-key-fields.resolver.js';
import { AuditEventFieldsResolver, AuditEventsResolver } from './audit-events.resolver.js';
import { AuditEventsService } from './audit-events.service.js';
import { Authenticator } from './authenticator.service.js';
import { ErasureResolver } from './erasure.resolver.js';
import { ErasureService, type PersonalDataHolder } from './erasure.service.js';
import { createIdentity, type IdentityConfig, type IdentityDeps } from './identity.factory.js';
import { IdentityResolver } from './identity.resolver.js';
import { InvitationFieldsResolver, InvitationsResolver } from './invitations.resolver.js';
import { InvitationsService } from './invitations.service.js';
import { KeyAuthenticator } from './key-authenticator.service.js';
import { createKeyLoaders } from './key.loaders.js';
import { KeysResolver } from './keys.resolver.js';
import { KeysService, type ModelNames } from './keys.service.js';
import { MembersRights } from './members-rights.service.js';
import { MembershipFieldsResolver, MembersResolver } from './members.resolver.js';
import { MembersService } from './members.service.js';
import { OperatorsResolver } from './operators.resolver.js';
import { OrganizationsService } from './organizations.service.js';
import { SecurityNotices, type SecurityNoticesParts } from './security-notices.service.js';
import { SessionsResolver } from './sessions.resolver.js';
import { createUserLoader } from './user.loaders.js';
import { UsersResolver } from './users.resolver.js';
import { UsersService } from './users.service.js';

export interface AccountsDeps extends Omit<IdentityDeps, 'accounts'> {
  readonly credits: CreditsService;
  readonly catalog: ModelNames;
  /** Closes pages on which credit is bought. */
  readonly payments: OpenPages;
  readonly notifications: { readonly post: SecurityNoticesParts['post'] };
  /** Other domains that know something of people. */
  readonly personalData: readonly PersonalDataHolder[];
  readonly config: IdentityConfig & {
    readonly freeCredit: FreeCredit;
    /** Organizations that a person may have made at a time. */
    readonly organizationsPerPerson: number;
    /** API keys that an account may have at a time. */
    readonly keysPerAccount: number;
  };
}

/** Invitations are counted for a day. */
const DAY_S = 86_400;

/** People, accounts and keys. */
export function createAccounts(deps: AccountsDeps) {
  const { db, credits, payments, notifications, mailer, mailQueue, config } = deps;
  const { publicUrl, freeCredit } = config;
  const accounts = new AccountsService({ db, credits, payments, freeCredit });
  const keyAuthenticator = new KeyAuthenticator(db);
  const keys = new KeysService({
    db,
    authenticator: keyAuthenticator,
    catalog: deps.catalog,
    keysPerAccount: config.keysPerAccount,
  });
  const identity = createIdentity({ ...deps, accounts });
  const users = new UsersService(db);
  const invitations = new InvitationsService({
    db,
    mailer,
    mailQueue,
    mails: createRateCounter(db, config.limits.store, DAY_S),
    publicUrl,
  });
  return {
    ...identity,
    accounts,
    accountAdmin: new AccountAdminService(db),
    auditEvents: new AuditEventsService(db),
    authenticator: new Authenticator({
      keys: keyAuthenticator,
      identity: identity.identity,
      rights: new MembersRights(db),
      proofs: identity.proofs,
    }),
    erasure: new ErasureService({ db, accounts, holders: deps.personalData }),
    keys,
    keyAuthenticator,
    keyLoaders: createKeyLoaders(keys),
    members: new MembersService(db),
    invitations,
    organizations: new OrganizationsService(db, config.organizationsPerPerson),
    loadUser: createUserLoader(users),
    users,
    securityNotices: new SecurityNotices({
      db,
      publicUrl,
      post: (tx, all) => notifications.post(tx, all),
    }),
    memberMailSenders: {
      invitation: ({ about }) => invitations.sendMail(about),
    } satisfies Partial<MailSenders>,
  };
}

export function accountsResolvers(services: ReturnType<typeof createAccounts>) {
  const accounts = new AccountsResolver(services.accounts, services.keys);
  const keys = new KeysResolver(services.keys, services.keyLoaders);
  const auditEvents = new AuditEventsResolver(services.auditEvents);
  const { loadUser } = services;
  const users = new UsersResolver(services.accounts, services.signIn, loadUser);
  const members = new MembersResolver(services.members, services.organizations);
  const invitations = new InvitationsResolver(services.invitations);
  return {
    resolvers: [
      accounts,
      auditEvents,
      new AuditEventFieldsResolver(loadUser, services.keyLoaders),
      new AccountAdminResolver(services.accountAdmin),
      new AccountFieldsResolver(services.accounts),
      new ErasureResolver(services.erasure),
      new IdentityResolver(services.signIn),
      invitations,
      new InvitationFieldsResolver(loadUser),
      members,
      new MembershipFieldsResolver(loadUser),
      keys,
      new ApiKeyFieldsResolver(services.keyLoaders, loadUser),
      new OperatorsResolver(services.accounts),
      new SessionsResolver(services.sessions, services.proofs),
      users,
    ],
    nodes: {
      acct: { type: 'Account', find: accounts.findNode },
      key: { type: 'ApiKey', find: keys.findNode },
      aud: { type: 'AuditEvent', find: auditEvents.findNode },
      inv: { type: 'Invitation', find: invitations.findNode },
      mem: { type: 'Membership', find: members.findNode },
      usr: { type: 'User', find: users.findNode },
    },
  } satisfies DomainResolvers;
}
