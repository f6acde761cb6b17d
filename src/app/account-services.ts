import {
  AccountAdminService,
  AccountsService,
  AuditLogService,
  Authenticator,
  createAuth,
  DevicesService,
  IdentityGateway,
  IdentityMails,
  MailLinks,
  KeysService,
  MembersRights,
  MembersService,
  type OpenPages,
  OrganisationsService,
  PasswordHasher,
  PersonsService,
  ProofsService,
  SessionsService,
  SignInLimits,
  SignInService,
} from '../accounts/index.js';
import type { Config } from '../config/config.js';
import type { CreditsService } from '../credits/index.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import type { Mailer } from '../platform/mailer.js';
import { createRateCounter, type RateCounter } from '../platform/rate-counter.js';

/** Mails that lead to an account are counted for an hour. */
const HOUR_S = 3_600;

/** People, accounts and keys. */
export function createAccountServices(
  config: Config,
  parts: {
    db: Database;
    credits: CreditsService;
    mailer: Mailer;
    /** Counts mails to people who are nobody yet for a day. */
    mailsADay: RateCounter;
    /** Closes pages on which credit is bought. */
    pages: OpenPages;
    /** Signs sessions. */
    secret: string;
    logger: Logger;
  },
) {
  const { db, credits, mailer, mailsADay, pages, secret, logger } = parts;
  const { publicUrl } = config;
  const persons = new PersonsService();
  const accounts = new AccountsService(db, credits, pages, config.freeCredit);
  const keys = new KeysService(db);
  const passwords = new PasswordHasher(logger);
  const devices = new DevicesService(db, accounts);
  const options: Parameters<typeof createAuth>[0] = {
    db,
    mailer,
    passwords,
    publicUrl,
    trustedOrigins: [...config.cors.named],
    secret,
    ...config.oauth,
    onUserCreated: async (user) => {
      await accounts.openPersonalAccount(user);
    },
    onSignIn: (userId, client) => devices.signedIn(userId, client),
    onCode: (userId) => signInLimits.admitCode(userId),
    onCodeAccepted: (userId) => signInLimits.forgiveCode(userId),
    onSecondFactor: (sessionId) => proofs.markSecondFactor(sessionId),
    onSecondFactorRemoved: (userId) => proofs.secondFactorRemoved(userId),
    requireRecentProof: (sessionId) => proofs.requireRecent(sessionId),
    onAct: (userId, act, ipAddress) => accounts.auditPerson(userId, act, ipAddress),
    onEmailVerified: (user) => accounts.giveFreeCredit(user),
  };
  const auth = createAuth(options);
  const identity = new IdentityGateway(auth, options);
  const mailLinks = new MailLinks(auth, options);
  const identityMails = new IdentityMails({ db, links: mailLinks, logger });
  const mailsAnHour = createRateCounter(db, config.limits.store, HOUR_S);
  const signInLimits = new SignInLimits(db, mailsAnHour, (email, ipAddress) =>
    devices.failedSignIn(email, ipAddress),
  );
  const proofs = new ProofsService({ db, accounts, identity, limits: signInLimits });
  return {
    accounts,
    persons,
    accountAdmin: new AccountAdminService(db),
    auditLog: new AuditLogService(db),
    members: new MembersService({ db, mailer, mails: mailsADay, publicUrl }),
    organisations: new OrganisationsService(db, config.organisationsPerPerson),
    keys,
    passwords,
    identity,
    mailLinks,
    identityMails,
    signInLimits,
    signIn: new SignInService(identity, mailLinks, identityMails, signInLimits),
    sessions: new SessionsService(db),
    proofs,
    authenticator: new Authenticator(keys, identity, new MembersRights(db), proofs),
  };
}
