import { keysOn } from './keys.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import { type AccountId, newId } from '../../src/platform/ids.js';
import { errorOf } from './app.js';
import type { World } from './payment-world.js';
import { mailAfter, type Person, personOn, signUp } from './people.js';
import { SoakCaller, type SoakSite } from './soak-calls.js';
import { SoakBatches, SoakOwner } from './soak-owners.js';
import type { Random } from './random.js';

/** What each account that runs models begins with: more than it can use, in nano-USD. */
export const CREDIT = 1_000_000_000_000n;
const CALLERS = 3;

export interface SoakPeople {
  readonly callers: readonly SoakCaller[];
  readonly batches: SoakBatches;
  readonly owner: SoakOwner;
  /** Session of the owner, acting for the organization. */
  readonly boss: Person;
  readonly memberId: string;
}

/** Makes everybody of a soak but those who pay, while all is well. */
export async function makePeople(
  world: World,
  site: SoakSite,
  random: Random,
): Promise<SoakPeople> {
  const { rig, tally } = world;
  const made = async (name: string) => {
    const { accountId, secret } = await newAccount(world);
    return [accountId, secret, site, random.fork(name), tally.add] as const;
  };
  const callers: SoakCaller[] = [];
  for (let n = 0; n < CALLERS; n += 1) callers.push(new SoakCaller(...(await made(String(n)))));

  const person = await signUp(rig, 'owner@example.org');
  const member = await signUp(rig, 'member@example.org');
  const data = async (to: Person, query: string, variables = {}) => {
    const { body } = await to.gql(query, variables);
    const error = errorOf({ body });
    if (error !== undefined) throw new Error(`${query}: ${JSON.stringify(error)}`);
    return body.data;
  };
  const { createOrganization } = await data(
    person,
    'mutation { createOrganization(input: { name: "Soak" }) { account { id } userErrors { code message path details } } }',
  );
  const account = createOrganization.account.id as string;
  const boss = personOn(rig.url, person, account);
  const { token } = await mailAfter(rig.outboxDir, member.email, () =>
    data(
      boss,
      'mutation { inviteMember(input: { email: "member@example.org" }) { invitation { id } userErrors { code message path details } } }',
    ),
  );
  await data(
    member,
    'mutation ($token: String!) { acceptInvitation(input: { token: $token }) { account { id } userErrors { code message path details } } }',
    { token },
  );
  // The soak takes longer than a proof of who acts is good for.
  await rig.db.query(`UPDATE session SET confirmed_at = now() + interval '1 day'`, []);
  const memberId = (await data(member, '{ viewer { user { id } } }')).viewer.user.id as string;
  const to = { secret: person.token, account };
  return {
    callers,
    batches: new SoakBatches(...(await made('batches'))),
    owner: new SoakOwner(to, memberId, site, random.fork('owner'), tally.add),
    boss,
    memberId,
  };
}

async function newAccount({ rig: { db }, credits }: World) {
  const accountId: AccountId = newId('acct');
  await db.query(`INSERT INTO account (id, kind, name) VALUES ($1, 'PERSONAL', 'soak')`, [
    accountId,
  ]);
  await credits.grant({ accountId, nanos: CREDIT, reason: 'soak', actor: 'system' });
  const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const { secret } = await keysOn(db).create(actor, accountId, {
    name: 'soak',
    scopes: ['INFERENCE', 'READ'],
  });
  return { accountId, secret };
}
