import { createPrintableSchema } from '../../src/app/resolvers.js';
import { postGraphQL } from '../support/app.js';
import { idArguments, type IdArgument, operationOf } from '../support/id-arguments.js';
import { answerTo, type Neighbors, startNeighbors, waysOf } from '../support/isolation.js';
import { namedInDocument } from '../support/naming-account.js';
import { absentBeside, type Kind, MAKERS } from '../support/owned-objects.js';
import { DEMO_MODEL, sample } from '../support/platform.js';

/** What an argument names: an object of some kind, or why nothing of an account’s. */
type Named =
  | {
      readonly kind: Kind;
      /** Only operators get so far. */
      readonly operator?: true;
      /** A place in a list, or a note: its owner’s answer need not differ from one for an absent id. */
      readonly place?: true;
      /** What else the argument needs then. */
      readonly more?: Readonly<Record<string, unknown>>;
    }
  | { readonly nothing: string };

const IMAGE = { base64: sample('green-heart.png') };
const PLACE = { nothing: 'a moment, number or name in a list that is the caller’s own' };

const MODEL = { nothing: 'models are everybody’s' };

/** I15, field by field. An argument that is new in the schema has to be entered here. */
const ARGUMENTS: Readonly<Record<string, Named>> = {
  'Query.account.id': { kind: 'account' },
  'Query.accounts.after': { kind: 'account', operator: true, place: true },
  'Query.demandBoard.after': PLACE,
  'Account.modelRequests.after': { kind: 'modelRequest', place: true },
  'Query.requestsForModel.after': PLACE,
  'Query.requestsForModel.modelId': MODEL,
  'Account.usage.filter.keys': { kind: 'key', place: true },
  'Account.usage.filter.members': { kind: 'user', place: true },
  'Account.webhookDeliveries.after': PLACE,
  'Account.webhookDeliveries.endpointId': { kind: 'webhookEndpoint' },
  'Account.members.after': PLACE,
  'Account.invitations.after': PLACE,
  'Account.auditEvents.after': PLACE,
  'Account.auditEvents.filter.keys': { kind: 'key', place: true },
  'Account.auditEvents.filter.users': { kind: 'user', place: true },
  'Account.apiKeys.after': { kind: 'key', place: true },
  'Account.apiKeys.filter.creatorIds': { kind: 'user', place: true },
  'Account.creditLots.after': { kind: 'entry', place: true },
  'Query.auditLog.after': PLACE,
  'Query.auditLog.filter.accounts': { kind: 'account', operator: true },
  'Query.auditLog.filter.keys': { kind: 'key', operator: true, place: true },
  'Query.auditLog.filter.targets': { kind: 'account', operator: true, place: true },
  'Query.auditLog.filter.users': { kind: 'user', operator: true },
  'Query.deadLetters.after': PLACE,
  'Account.ledger.after': PLACE,
  'Query.models.after': { nothing: 'the catalog is everybody’s' },
  'Query.node.id': { kind: 'run' },
  'Query.nodes.ids': { kind: 'run' },
  'Query.promoCodes.after': PLACE,
  'Account.purchases.after': { kind: 'purchase', place: true },
  'Account.labelSets.after': PLACE,
  'Account.files.after': PLACE,
  'Account.batches.after': PLACE,
  'Account.runs.after': PLACE,
  'Account.runs.filter.keys': { kind: 'key', place: true },
  'Account.runs.filter.members': { kind: 'user', place: true },
  'Mutation.acceptProposedModel.input.modelId': MODEL,
  'Mutation.commentOnModel.input.modelId': MODEL,
  'Mutation.createAlertRule.input.keyId': {
    kind: 'key',
    more: { kind: 'KEY_NEAR_CAP', thresholdShare: 0.5 },
  },
  'Mutation.deleteAlertRule.input.id': { kind: 'alertRule' },
  'Mutation.deleteWebhookEndpoint.input.id': { kind: 'webhookEndpoint' },
  'Mutation.mergeModels.input.goneId': MODEL,
  'Mutation.mergeModels.input.intoId': MODEL,
  'Mutation.planModel.input.modelId': MODEL,
  'Mutation.replayFailedWebhookDeliveries.input.endpointId': { kind: 'webhookEndpoint' },
  'Mutation.replayWebhookDelivery.input.id': { kind: 'webhookDelivery' },
  'Mutation.rotateWebhookSecret.input.id': { kind: 'webhookEndpoint' },
  'Mutation.sendTestWebhook.input.id': { kind: 'webhookEndpoint' },
  'Mutation.updateAlertRule.input.id': { kind: 'alertRule' },
  // Beside a rule that nobody has; createAlertRule looks at the key in the same way.
  'Mutation.updateAlertRule.input.keyId': { kind: 'key', place: true },
  'Mutation.updateWebhookEndpoint.input.id': { kind: 'webhookEndpoint' },
  'Mutation.withdrawModelRequest.input.id': { kind: 'modelRequest' },
  'Mutation.adjustCredits.input.accountId': { kind: 'account', operator: true },
  // A note; it is not looked up.
  'Mutation.adjustCredits.input.reverses': { kind: 'transaction', operator: true, place: true },
  'Mutation.buyCredits.input.pack': { nothing: 'packs are everybody’s' },
  'Mutation.updateMemberRole.input.userId': { kind: 'member' },
  'Mutation.classifyImage.input.image.uploadId': { kind: 'upload', more: { labels: ['cat'] } },
  'Mutation.classifyImage.input.images.uploadId': { kind: 'upload', more: { labels: ['cat'] } },
  'Mutation.classifyImage.input.labelSetId': { kind: 'labelSet', more: { image: IMAGE } },
  'Mutation.deleteLabelSet.input.id': { kind: 'labelSet' },
  'Mutation.updateLabelSet.input.id': { kind: 'labelSet', more: { name: 'renamed' } },
  'Mutation.dismissDeadLetter.input.id': { kind: 'deadLetter', operator: true },
  'Mutation.updateProvider.input.id': { nothing: 'providers are the platform’s' },
  'Mutation.embedImages.input.images.uploadId': { kind: 'upload' },
  'Mutation.revokeSession.input.id': { kind: 'session' },
  'Mutation.freezeAccount.input.id': { kind: 'account', operator: true },
  'Mutation.grantCredits.input.accountId': { kind: 'account', operator: true },
  'Mutation.refundPurchase.input.purchaseId': { kind: 'purchase', operator: true },
  'Mutation.removeMember.input.userId': { kind: 'member' },
  'Mutation.deleteProvider.input.id': { nothing: 'providers are the platform’s' },
  'Mutation.replayDeadLetter.input.id': { kind: 'deadLetter', operator: true },
  'Mutation.requireSecondFactor.input.id': { kind: 'account', operator: true },
  'Mutation.revokeApiKey.input.id': { kind: 'key' },
  'Mutation.revokeInvitation.input.id': { kind: 'invitation' },
  'Mutation.rotateApiKey.input.id': { kind: 'key' },
  'Mutation.updateAccountLimits.input.id': { kind: 'account', operator: true },
  'Mutation.updateApiKey.input.id': { kind: 'key' },
  'Mutation.unfreezeAccount.input.id': { kind: 'account', operator: true },
};

const TIMES = {
  from: '2026-11-01T00:00:00Z',
  to: '2026-11-02T00:00:00Z',
  since: '2026-11-01T00:00:00Z',
};
const FILLER = {
  model: DEMO_MODEL,
  role: 'VIEWER',
  reason: 'test',
  texts: 'a cat',
  idempotencyKey: 'x',
  ...TIMES,
};

let n: Neighbors;
beforeAll(async () => {
  n = await startNeighbors();
});
afterAll(() => n.stop());

const graphQL =
  (argument: IdArgument, more = {}) =>
  (headers: Record<string, string>) =>
  (id: string) => {
    const named = namedInDocument(operationOf(argument, id, FILLER, more), headers);
    return postGraphQL(n.t.url, named.body, named.headers);
  };

const found = idArguments(createPrintableSchema());

/** Mutations on an account name it alike. */
const ACCOUNT: Named = { kind: 'account' };
const namedAt = (name: string): Named | undefined =>
  ARGUMENTS[name] ?? (name.endsWith('.input.accountId') ? ACCOUNT : undefined);

test('every argument that takes an id is entered in the table, and no other', () => {
  const names = found.map(({ name }) => name);
  expect(names.filter((name) => namedAt(name) === undefined)).toEqual([]);
  expect(Object.keys(ARGUMENTS).filter((name) => !names.includes(name))).toEqual([]);
});

const attacks = found.flatMap((argument) => {
  const named = namedAt(argument.name);
  return named === undefined || 'nothing' in named
    ? []
    : [{ argument, named, name: argument.name }];
});

test.each(attacks)('$name: another account’s id is as one that nobody has', ({ argument, named }) =>
  n.expectIsolated({
    kind: named.kind,
    asOperator: named.operator === true,
    isPlace: named.place === true,
    as: graphQL(argument, named.more),
  }),
);

const node = found.find(({ name }) => name === 'Query.node.id');

test.each(Object.keys(MAKERS) as Kind[])(
  'node(id) of another account’s %s is null, as of an absent one',
  async (kind) => {
    if (node === undefined) throw new Error('There is no node(id).');
    const id = await MAKERS[kind](n.t, n.a);
    for (const [, headers] of waysOf(n.b)) {
      const send = graphQL(node)(headers);
      expect(await send(id)).toMatchObject({ status: 200, body: { data: { node: null } } });
      expect(await answerTo(send, id)).toEqual(await answerTo(send, absentBeside(id)));
    }
  },
);
