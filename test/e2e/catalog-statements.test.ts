import { errorOf, startTestApp, type TestApp } from '../support/app.js';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ background: false });
});
afterAll(() => t.stop());

const models = (field: string) => `{ models(first: 20) { edges { node { ${field} } } } }`;
test.each([
  [
    1,
    '{ models(first: 20) { edges { cursor node { slug name status } } pageInfo { endCursor } } }',
  ],
  [
    2,
    '{ models(first: 20) { totalCount edges { node { about prices { nanosPerUnit } aliases } } } }',
  ],
  [2, models('slug relatedModels(first: 3) { slug }')],
  [
    3,
    '{ models(first: 20) { totalCount edges { node { faq { answer } relatedModels(first: 2) { name } } } } }',
  ],
  [2, models('priceVersions { id }')],
  [
    1,
    '{ model(slug: "timm/ViT-SO400M-14-SigLIP-384") { slug about specs { label } prices { unit } aliases snippets { code } } }',
  ],
  [
    2,
    '{ model(slug: "timm/ViT-SO400M-14-SigLIP-384") { slug relatedModels { slug prices { unit } } } }',
  ],
  [
    1,
    '{ a: model(slug: "timm/ViT-SO400M-14-SigLIP-384") { slug } b: model(slug: "google/siglip-base-patch16-224") { about } c: node(id: "mdl_1") { id } }',
  ],
  [1, '{ tasks { task modelCount } }'],
  [
    1,
    '{ compareModels(slugs: ["timm/ViT-SO400M-14-SigLIP-384", "openai/clip-vit-base-patch32"]) { models { slug } rows { label } } }',
  ],
  [0, '{ __typename }'],
])('%d statements, and no more, for %s', async (expected, query) => {
  const before = t.app.metrics.statementCount();
  const { body } = await t.gql(query);
  expect(errorOf({ body })).toBeUndefined();
  expect(t.app.metrics.statementCount() - before).toBe(expected);
});
