/** How well one label fits an image; see `ClassifyResult`. */
export interface LabelScore {
  readonly label: string;
  readonly logit: number;
  /** Of this label alone, 0–1. */
  readonly probability: number | null;
  /** How it is scored among so many labels, undefined: as the model was trained; by default by its share. */
  readonly way?: (among: number) => 'SIGMOID' | 'SOFTMAX' | undefined;
}

/** Scores of all labels of a call, by label. */
export type Scores = ReadonlyMap<string, LabelScore>;

export interface LabelShare extends LabelScore {
  /** Natural logarithm of its share among the labels beside it, or of its own probability: finite, however small. */
  readonly logShare: number;
}

/** Some labels of a call, best first. @throws Error for a label that was not scored */
export function rankScores(labels: readonly string[], scores: Scores): LabelShare[] {
  const ranked = labels
    .map((label) => scoreOf(label, scores))
    .toSorted((one, other) => other.logit - one.logit);
  const largest = ranked[0]?.logit ?? 0;
  const sum = ranked.reduce((total, { logit }) => total + Math.exp(logit - largest), 0);
  return ranked.map((score) => ({
    ...score,
    logShare: isAlone(score, labels.length)
      ? logSigmoid(score.logit)
      : score.logit - largest - Math.log(sum),
  }));
}

/** Whether a label is scored by its own probability. A model that compares labels only has none. */
function isAlone({ probability, way }: LabelScore, among: number): boolean {
  return probability !== null && way !== undefined && way(among) !== 'SOFTMAX';
}

/** Of a logit of any size: the probability itself would become 0. */
function logSigmoid(logit: number): number {
  return Math.min(logit, 0) - Math.log1p(Math.exp(-Math.abs(logit)));
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
