/** How well one label fits an image; see `ClassifyResult`. */
export interface LabelScore {
  readonly label: string;
  readonly logit: number;
  /** Of this label alone, 0–1. */
  readonly probability: number | null;
}

/** Scores of all labels of a call, by label. */
export type Scores = ReadonlyMap<string, LabelScore>;

export interface LabelShare extends LabelScore {
  /** Natural logarithm of its share among the labels beside it: finite, however small the share. */
  readonly logShare: number;
}

/** Some labels of a call, best first. @throws Error for a label that was not scored */
export function rankScores(labels: readonly string[], scores: Scores): LabelShare[] {
  const ranked = labels
    .map((label) => scoreOf(label, scores))
    .toSorted((one, other) => other.logit - one.logit);
  const largest = ranked[0]?.logit ?? 0;
  const sum = ranked.reduce((total, { logit }) => total + Math.exp(logit - largest), 0);
  return ranked.map((score) => ({ ...score, logShare: score.logit - largest - Math.log(sum) }));
}

/** @param labels at least one */
export function bestOf(labels: readonly string[], scores: Scores): LabelShare {
  const [best] = rankScores(labels, scores);
  if (best === undefined) throw new Error('There is nothing to choose from.');
  return best;
}

function scoreOf(label: string, scores: Scores): LabelScore {
  const score = scores.get(label);
  if (score === undefined) throw new Error('A label was not scored.');
  return score;
}
