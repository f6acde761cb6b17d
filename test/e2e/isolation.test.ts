import { createPrintableSchema } from '../../src/app/resolvers.js';
import { postGraphQL } from '../support/app.js';
import { idArguments, type IdArgument, operationOf } from '../support/id-arguments.js';
import { answerTo, type Neighbours, startNeighbours, waysOf } from '../support/isolation.js';
import { absentBeside, type Kind, MAKERS } from '../support/owned-objects.js';
import { bearer, DEMO_MODEL, sample } from '../support/platform.js';

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
  'Query.account.id': { kind: 'account', operator: true },
  'Query.accountLedger.accountId': { kind: 'account', operator: true },
  'Query.accountLedger.after': PLACE,
  'Query.accountPurchases.accountId': { kind: 'account', operator: true },
  'Query.accountPurchases.after': { kind: 'purchase', operator: true, place: true },
  'Query.accountRuns.accountId': { kind: 'account', operator: true },
  'Query.accountRuns.after': PLACE,
  'Query.accounts.after': { kind: 'account', operator: true, place: true },
  'Query.demandBoard.after': PLACE,
  'Query.modelRequests.after': { kind: 'modelRequest', place: true },
  'Query.requestsForModel.after': PLACE,
  'Query.requestsForModel.modelId': MODEL,
  'Query.usage.filter.keys': { kind: 'key', place: true },
  'Query.usage.filter.members': { kind: 'user', place: true },
  'Query.webhookDeliveries.after': PLACE,
  'Query.webhookDeliveries.endpointId': { kind: 'webhookEndpoint' },
  'Query.auditEvents.after': { kind: 'auditEvent', place: true },
  'Query.auditLog.after': PLACE,
  'Query.auditLog.filter.accountId': { kind: 'account', operator: true },
  'Query.auditLog.filter.target': { kind: 'account', operator: true, place: true },
  'Query.auditLog.filter.userId': { kind: 'user', operator: true },
  'Query.deadLetters.after': PLACE,
  'Query.ledger.after': PLACE,
  'Query.models.after': { nothing: 'the catalog is everybody’s' },
  'Query.node.id': { kind: 'run' },
  'Query.promoCodes.after': PLACE,
  'Query.purchase.id': { kind: 'purchase' },
  'Query.purchases.after': { kind: 'purchase', place: true },
  'Query.run.id': { kind: 'run' },
  'Query.runs.after': PLACE,
  'Mutation.acceptProposedModel.modelId': MODEL,
  'Mutation.commentOnModel.modelId': MODEL,
  'Mutation.createAlertRule.input.keyId': {
    kind: 'key',
    more: { kind: 'KEY_NEAR_CAP', thresholdShare: 0.5 },
  },
  'Mutation.deleteAlertRule.id': { kind: 'alertRule' },
  'Mutation.deleteWebhookEndpoint.id': { kind: 'webhookEndpoint' },
  'Mutation.mergeModels.goneId': MODEL,
  'Mutation.mergeModels.intoId': MODEL,
  'Mutation.planModel.modelId': MODEL,
  'Mutation.replayFailedWebhookDeliveries.endpointId': { kind: 'webhookEndpoint' },
  'Mutation.replayWebhookDelivery.id': { kind: 'webhookDelivery' },
  'Mutation.rotateWebhookSecret.id': { kind: 'webhookEndpoint' },
  'Mutation.sendTestWebhook.id': { kind: 'webhookEndpoint' },
  'Mutation.updateAlertRule.id': { kind: 'alertRule' },
  // Beside a rule that nobody has; createAlertRule looks at the key in the same way.
  'Mutation.updateAlertRule.input.keyId': { kind: 'key', place: true },
  'Mutation.updateWebhookEndpoint.id': { kind: 'webhookEndpoint' },
  'Mutation.withdrawModelRequest.id': { kind: 'modelRequest' },
  'Mutation.adjustCredits.input.accountId': { kind: 'account', operator: true },
  // A note; it is not looked up.
  'Mutation.adjustCredits.input.reverses': { kind: 'transaction', operator: true, place: true },
  'Mutation.buyCredits.input.pack': { nothing: 'packs are everybody’s' },
  'Mutation.changeMemberRole.userId': { kind: 'member' },
  'Mutation.classifyImage.input.image.uploadId': { kind: 'upload', more: { labels: ['cat'] } },
  'Mutation.classifyImage.input.images.uploadId': { kind: 'upload', more: { labels: ['cat'] } },
  'Mutation.classifyImage.input.labelSetId': { kind: 'labelSet', more: { image: IMAGE } },
  'Mutation.deleteLabelSet.id': { kind: 'labelSet' },
  'Mutation.dismissDeadLetter.id': { kind: 'deadLetter', operator: true },
  'Mutation.editProvider.id': { nothing: 'providers are the platform’s' },
  'Mutation.embedImages.input.images.uploadId': { kind: 'upload' },
  'Mutation.endSession.id': { kind: 'session' },
  'Mutation.freezeAccount.id': { kind: 'account', operator: true },
  'Mutation.grantCredits.input.accountId': { kind: 'account', operator: true },
  'Mutation.refundPurchase.input.purchaseId': { kind: 'purchase', operator: true },
  'Mutation.removeMember.userId': { kind: 'member' },
  'Mutation.removeProvider.id': { nothing: 'providers are the platform’s' },
  'Mutation.replayDeadLetter.id': { kind: 'deadLetter', operator: true },
  'Mutation.requireSecondFactor.id': { kind: 'account', operator: true },
  'Mutation.revokeApiKey.id': { kind: 'key' },
  'Mutation.revokeInvitation.id': { kind: 'invitation' },
  'Mutation.rotateApiKey.id': { kind: 'key' },
  'Mutation.setAccountLimits.id': { kind: 'account', operator: true },
  'Mutation.setApiKeyCap.id': { kind: 'key' },
  'Mutation.unfreezeAccount.id': { kind: 'account', operator: true },
};

const TIMES = {
  from: '2026-11-01T00:00:00Z',
  to: '2026-11-02T00:00:00Z',
  since: '2026-11-01T00:00:00Z',
};
const FILLER = { model: DEMO_MODEL, role: 'VIEWER', reason: 'test', texts: ['a cat'], ...TIMES };

let n: Neighbours;
beforeAll(async () => {
  n = await startNeighbours();
});
afterAll(() => n.stop());

const graphQL =
  (argument: IdArgument, more = {}) =>
  (headers: Record<string, string>) =>
  (id: string) =>
    postGraphQL(n.t.url, operationOf(argument, id, FILLER, more), headers);

const found = idArguments(createPrintableSchema());

test('every argument that takes an id is entered in the table, and no other', () => {
  expect(found.map(({ name }) => name).sort()).toEqual(Object.keys(ARGUMENTS).sort());
});

const attacks = found.flatMap((argument) => {
  const named = ARGUMENTS[argument.name];
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

test('the account that a request names in its header: another’s is refused as one that nobody has', async () => {
  const send = (id: string) =>
    postGraphQL(
      n.t.url,
      { query: '{ balance { postedNanos } apiKeys { id } }' },
      { ...bearer(n.b.person.token), 'x-gigarouter-account': id },
    );
  expect((await send(n.a.accountId)).status).toBe(403);
  expect(await answerTo(send, n.a.accountId)).toEqual(
    await answerTo(send, absentBeside(n.a.accountId)),
  );
});
