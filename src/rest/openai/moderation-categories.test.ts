import {
  FLAGGED_AT,
  IMAGE_CATEGORIES,
  MODERATION_LABELS,
  moderationOf,
  TEXT_CATEGORIES,
} from './moderation-categories.js';

const scored = (probabilities: Record<string, number>) => ({
  labels: MODERATION_LABELS.map((label, index) => {
    const probability = probabilities[label] ?? 0.01;
    return { index, label, probability, score: probability, share: 0, logit: 0 };
  }),
});

test('a category has the score of its likeliest label, and is flagged from the threshold on', () => {
  const {
    flagged,
    categories,
    category_scores: scores,
  } = moderationOf(
    scored({ 'a bloody wound': FLAGGED_AT, 'a dead body': 0.3, 'a naked person': 0.49 }),
  );
  expect(flagged).toBe(true);
  expect(categories).toMatchObject({ 'violence/graphic': true, violence: false, sexual: false });
  expect(scores).toMatchObject({ 'violence/graphic': 0.5, violence: 0.01, sexual: 0.49 });
});

test('an image of nothing that is looked for is not flagged', () => {
  expect(moderationOf(scored({})).flagged).toBe(false);
});

test('what only texts are judged by is 0, and says that no input was judged', () => {
  const { categories, category_scores: scores, ...rest } = moderationOf(scored({}));
  for (const category of TEXT_CATEGORIES) {
    expect([categories[category], scores[category]]).toEqual([false, 0]);
    expect(rest.category_applied_input_types[category]).toEqual([]);
  }
  for (const category of Object.keys(IMAGE_CATEGORIES) as (keyof typeof IMAGE_CATEGORIES)[]) {
    expect(rest.category_applied_input_types[category]).toEqual(['image']);
  }
});

test('no label is in two categories, and a label that was not scored is an error, not a 0', () => {
  expect(new Set(MODERATION_LABELS).size).toBe(MODERATION_LABELS.length);
  expect(() => moderationOf({ labels: scored({}).labels.slice(1) })).toThrow(/self-harm/);
});
