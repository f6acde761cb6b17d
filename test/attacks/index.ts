import type { Attack } from './attack.js';
import { bearerAttacks } from './bearer.attacks.js';
import { graphqlAttacks } from './graphql.attacks.js';
import { httpAttacks } from './http.attacks.js';
import { identityAttacks } from './identity.attacks.js';
import { imageAttacks } from './images.attacks.js';
import { inputAttacks } from './input.attacks.js';
import { moneyAttacks } from './money.attacks.js';
import { pageAttacks } from './pages.attacks.js';
import { personAttacks } from './persons.attacks.js';
import { privacyAttacks } from './privacy.attacks.js';
import { rightsAttacks } from './rights.attacks.js';
import { secondFactorAttacks } from './second-factor.attacks.js';
import { sessionAttacks } from './sessions.attacks.js';
import { stepUpAttacks } from './step-up.attacks.js';
import { tenantAttacks } from './tenants.attacks.js';

/**
 * Every attack, by what it is on. Browsers sign in before those on identity use up
 * what their network may fail. Those on privacy come last: they look at what the others left in the log.
 */
export const ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  'HTTP and browsers': httpAttacks,
  GraphQL: graphqlAttacks,
  'Second factors': secondFactorAttacks,
  'Step-up': stepUpAttacks,
  'Sessions as bearer tokens': bearerAttacks,
  Persons: personAttacks,
  Identity: identityAttacks,
  Sessions: sessionAttacks,
  Tenants: tenantAttacks,
  Rights: rightsAttacks,
  'Money and metering': moneyAttacks,
  'Images and addresses': imageAttacks,
  Input: inputAttacks,
  Pages: pageAttacks,
  Privacy: privacyAttacks,
};
