import { type GraphQLField, type GraphQLObjectType, OperationTypeNode } from 'graphql';
import { ROLES, SCOPES_OF_ROLE } from '../../src/accounts/account.js';
import { KEY_SCOPES, scopesOfKey } from '../../src/accounts/api-key.js';
import { createPrintableSchema } from '../../src/app/resolvers.js';
import { anonymous, type Actor, type Scope } from '../../src/platform/actor.js';
import { codeOf, startTestApp, type TestApp } from '../support/app.js';
import { argumentsOf, selectionOf } from '../support/least-document.js';

const EVERYBODY = 'OADBV';
/**
 * Who may do what, field by field: the roles by their first letters (Owner, Admin, Developer, Billing,
 * Viewer), `*` for everybody without signing in, `+` for operators only.
 */
const MAY: Record<string, string> = {
  joinWaitlist: '*',
  confirmWaitlist: '*',
  leaveWaitlist: '*',
  creditPacks: '*',
  model: '*',
  models: '*',
  node: '*',
  nodes: '*',
  tasks: '*',
  compareModels: '*',
  modelStatusChanged: '*',
  balanceChanged: EVERYBODY,
  runFinished: EVERYBODY,
  usageTick: EVERYBODY,
  signUp: '*',
  signIn: '*',
  verifyEmail: '*',
  requestMagicLink: '*',
  signInWithMagicLink: '*',
  requestPasswordReset: '*',
  resetPassword: '*',
  invitation: '*',
  signOut: EVERYBODY,
  sessions: EVERYBODY,
  personalData: EVERYBODY,
  eraseMe: EVERYBODY,
  confirmIdentity: EVERYBODY,
  updateSecurityMails: EVERYBODY,
  updateUser: EVERYBODY,
  changePassword: EVERYBODY,
  revokeSession: EVERYBODY,
  revokeOtherSessions: EVERYBODY,
  viewer: EVERYBODY,
  createOrganization: EVERYBODY,
  acceptInvitation: EVERYBODY,
  leaveAccount: EVERYBODY,
  'Account.name': EVERYBODY,
  'Account.kind': EVERYBODY,
  'Account.status': EVERYBODY,
  'Account.frozenReason': EVERYBODY,
  'Account.frozenAt': EVERYBODY,
  'Account.createdAt': EVERYBODY,
  'Account.closedAt': EVERYBODY,
  'Account.limits': EVERYBODY,
  'Account.isSecondFactorRequired': EVERYBODY,
  'Account.memberCount': EVERYBODY,
  'Account.apiKeyCount': EVERYBODY,
  'Account.viewerRole': EVERYBODY,
  'Account.balance': EVERYBODY,
  'Account.creditLots': EVERYBODY,
  'Account.ledger': EVERYBODY,
  'Account.purchases': EVERYBODY,
  'Account.autoTopUp': EVERYBODY,
  'Account.savedCard': EVERYBODY,
  buyCredits: 'OAB',
  saveCard: 'OAB',
  enableAutoTopUp: 'OAB',
  disableAutoTopUp: 'OAB',
  openBillingPortal: 'OAB',
  redeemPromoCode: 'OAB',
  'Account.modelRequests': EVERYBODY,
  requestModel: 'OAD',
  withdrawModelRequest: 'OAD',
  'Account.runs': EVERYBODY,
  'Account.usage': EVERYBODY,
  'Account.topModels': EVERYBODY,
  'Account.topKeys': EVERYBODY,
  'Account.creditForecast': EVERYBODY,
  'Account.apiKeys': EVERYBODY,
  'Account.members': EVERYBODY,
  'Account.labelSets': EVERYBODY,
  'Account.files': EVERYBODY,
  'Account.batches': EVERYBODY,
  classifyImage: 'OAD',
  embedImages: 'OAD',
  embedTexts: 'OAD',
  createLabelSet: 'OAD',
  deleteLabelSet: 'OAD',
  updateLabelSet: 'OAD',
  'Account.auditEvents': 'OA',
  createApiKey: 'OA',
  updateAccount: 'OA',
  rotateApiKey: 'OA',
  revokeApiKey: 'OA',
  updateApiKey: 'OA',
  'Account.invitations': 'OA',
  inviteMember: 'OA',
  revokeInvitation: 'OA',
  updateMemberRole: 'OA',
  removeMember: 'OA',
  'Account.webhookEndpoints': 'OA',
  'Account.webhookDeliveries': 'OA',
  createWebhookEndpoint: 'OA',
  updateWebhookEndpoint: 'OA',
  deleteWebhookEndpoint: 'OA',
  rotateWebhookSecret: 'OA',
  sendTestWebhook: 'OA',
  replayWebhookDelivery: 'OA',
  replayFailedWebhookDeliveries: 'OA',
  'Account.alerts': 'OA',
  createAlertRule: 'OA',
  updateAlertRule: 'OA',
  deleteAlertRule: 'OA',
  closeAccount: 'O',
  demandBoard: '+',
  requestsForModel: '+',
  planModel: '+',
  commentOnModel: '+',
  acceptProposedModel: '+',
  mergeModels: '+',
  grantCredits: '+',
  adjustCredits: '+',
  refundPurchase: '+',
  createPromoCode: '+',
  createModel: '+',
  updateModel: '+',
  deprecateModel: '+',
  retireModel: '+',
  createModelAlias: '+',
  deleteModelAlias: '+',
  renameModel: '+',
  setModelPrice: '+',
  createModelChange: '+',
  providers: '+',
  createProvider: '+',
  updateProvider: '+',
  deleteProvider: '+',
  publishModel: '+',
  publishingReadiness: '+',
  account: EVERYBODY,
  accounts: '+',
  auditLog: '+',
  backgroundJobs: '+',
  deadLetters: '+',
  disablePromoCode: '+',
  dismissDeadLetter: '+',
  freezeAccount: '+',
  erasePerson: '+',
  requireSecondFactor: '+',
  operators: '+',
  promoCodes: '+',
  replayDeadLetter: '+',
  replayDeadLetters: '+',
  runBackgroundJob: '+',
  updateAccountLimits: '+',
  setOperator: '+',
  unfreezeAccount: '+',
};

// Its services are not there: a field that lets its caller in fails with a TypeError, and does nothing.
const schema = createPrintableSchema();
type Field = GraphQLField<unknown, unknown>;
const account = schema.getType('Account') as GraphQLObjectType;
const fields = [
  ...Object.values(OperationTypeNode).flatMap((kind) =>
    Object.values(schema.getRootType(kind)?.getFields() ?? {}).map(
      (field): [string, string, Field] => [field.name, kind, field],
    ),
  ),
  ...Object.values(account.getFields())
    .filter(({ name }) => name !== 'id')
    .map((field): [string, string, Field] => [`Account.${field.name}`, 'account', field]),
];

const signedIn = (scopes: Iterable<Scope>): Actor => ({
  ...anonymous('127.0.0.1'),
  accountId: 'acct_test',
  userId: 'usr_test',
  scopes: new Set(scopes),
});

async function letsIn(field: Field, actor: Actor): Promise<boolean> {
  try {
    const ask = field.subscribe ?? field.resolve;
    // What the fields of an account are resolved on; others have no use for it.
    await ask?.({ id: actor.accountId, actor }, {}, { actor }, undefined as never);
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    return code !== 'UNAUTHENTICATED' && code !== 'FORBIDDEN';
  }
}

test('the table names each field, and no other', () => {
  expect(fields.map(([name]) => name).sort()).toEqual(Object.keys(MAY).sort());
});

describe.each(fields)('%s', (name, kind, field) => {
  const may = MAY[name] ?? '';

  test('lets in who may', async () => {
    expect(await letsIn(field, anonymous('127.0.0.1'))).toBe(may === '*');
    for (const role of Object.values(ROLES)) {
      const actor = signedIn(['public', 'session', ...SCOPES_OF_ROLE[role]]);
      expect([role, await letsIn(field, actor)]).toEqual([
        role,
        may === '*' || may.includes(role[0] ?? '?'),
      ]);
    }
    const operator = signedIn(['public', 'session', 'operator', ...SCOPES_OF_ROLE.OWNER]);
    expect(await letsIn(field, operator)).toBe(true);
  });

  test('lets no key do what only a person, an owner or an operator may', async () => {
    const key = signedIn(scopesOfKey(Object.values(KEY_SCOPES)));
    const { scope } = field.extensions.access as { scope: Scope };
    expect(await letsIn(field, key)).toBe(!['session', 'owner', 'operator'].includes(scope));
  });

  test('refuses nobody, a key that is wrong and a session that is over, over HTTP', async () => {
    const asked = `${field.name}${argumentsOf(field)}${selectionOf(field)}`;
    const query = kind === 'account' ? `{ account { ${asked} } }` : `${kind} { ${asked} }`;
    const code = await codeTold(kind, query);
    expect(code === 'UNAUTHENTICATED').toBe(may !== '*');
    expect(['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED', 'INTERNAL']).not.toContain(code);
    for (const secret of [`gr-${'a'.repeat(46)}`, 'no-session']) {
      const response = await fetch(`${t.url}${pathOf(kind)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
        body: JSON.stringify({ query }),
      });
      const { errors } = (await response.json()) as { errors: { extensions: object }[] };
      expect([401, 429]).toContain(response.status);
      expect(errors[0]?.extensions).toMatchObject({
        code: response.status === 401 ? 'UNAUTHENTICATED' : 'RATE_LIMITED',
      });
    }
  });
});

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.stop());

const pathOf = (kind: string) => (kind === 'subscription' ? '/graphql/stream' : '/graphql');

/** Of the first error that nobody gets; of a stream, of its first event, or none when it stays open. */
async function codeTold(kind: string, query: string): Promise<string | undefined> {
  if (kind !== 'subscription') {
    return codeOf(await t.gql(query));
  }
  const response = await fetch(`${t.url}${pathOf(kind)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader?.read())?.value ?? '';
  await reader?.cancel();
  return /"code":"(\w+)"/.exec(first)?.[1];
}
