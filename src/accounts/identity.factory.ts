import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import type { MailQueue, MailSenders } from '../platform/mail-queue.js';
import type { Mailer } from '../platform/mailer.js';
import { createRateCounter, type RateStore } from '../platform/rate-counter.js';
import type { AccountsService } from './accounts.service.js';
import { createAuth, type IdentityOptions } from './better-auth.gateway.js';
import { DevicesService } from './devices.service.js';
import { IdentityGateway } from './identity.gateway.js';
import { MailLinks } from './mail-links.gateway.js';
import { PasswordHasher } from './password-hasher.service.js';
import { ProofsService } from './proofs.service.js';
import { SessionsService } from './sessions.service.js';
import { SignInLimits } from './sign-in-limits.service.js';
import { SignInService } from './sign-in.service.js';

export interface IdentityDeps {
  readonly db: Database;
  readonly accounts: AccountsService;
  readonly mailer: Mailer;
  readonly mailQueue: MailQueue;
  readonly logger: Logger;
  /** Signs sessions (`signingSecret`). */
  readonly secret: string;
  readonly config: IdentityConfig;
}

export interface IdentityConfig {
  readonly publicUrl: string;
  /** Other origins whose pages may use sessions. */
  readonly cors: { readonly named: ReadonlySet<string> };
  readonly oauth: Pick<IdentityOptions, 'github' | 'google'>;
  readonly limits: { readonly store: RateStore };
}

/** Mails that lead to an account are counted for an hour. */
const HOUR_S = 3_600;

/** How people prove who they are: the identity library, and the limits and proofs around it. */
export function createIdentity(deps: IdentityDeps) {
  const { db, accounts, mailer, mailQueue, logger, secret, config } = deps;
  const { publicUrl } = config;
  const passwords = new PasswordHasher(logger);
  const devices = new DevicesService(db, accounts);
  const signInLimits = new SignInLimits(
    db,
    createRateCounter(db, config.limits.store, HOUR_S),
    (email, ipAddress) => devices.failedSignIn(email, ipAddress),
  );
  const options: IdentityOptions = {
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
    onPassword: (userId) => signInLimits.admitPassword(userId),
    onPasswordAccepted: (userId) => signInLimits.forgivePassword(userId),
    onSecondFactor: (sessionId) => proofs.markSecondFactor(sessionId),
    onSecondFactorRemoved: (userId) => proofs.secondFactorRemoved(userId),
    requireRecentProof: (sessionId) => proofs.requireRecent(sessionId),
    onAct: (userId, act, ipAddress) => accounts.auditPerson(userId, act, ipAddress),
    onEmailVerified: (user) => accounts.giveFreeCredit(user),
  };
  const auth = createAuth(options);
  const identity = new IdentityGateway(auth, options);
  const mailLinks = new MailLinks(auth, options);
  const proofs = new ProofsService({ db, accounts, identity, limits: signInLimits });
  const sessions = new SessionsService(db);
  const signIn = new SignInService({
    identity,
    links: mailLinks,
    mails: mailQueue,
    limits: signInLimits,
    sessions,
  });
  return {
    passwords,
    identity,
    mailLinks,
    signInLimits,
    signIn,
    sessions,
    proofs,
    identityMailSenders: {
      'sign-up': ({ email, details }) =>
        mailLinks.sendSignUpLink({ email, name: details.name ?? '' }),
      'magic-link': ({ email }) => mailLinks.sendMagicLink(email),
      'password-reset': ({ email }) => mailLinks.sendPasswordResetLink(email),
    } satisfies Partial<MailSenders>,
  };
}
