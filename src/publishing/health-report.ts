import type { ProviderHealth, ProviderRoute } from '../catalog/index.js';

/** What became of comparing a provider's scores with the reference's. */
export type GoldenVerdict = 'passed' | 'wrong' | 'unknown';

/** How one provider of a model does now. */
export interface ProviderFinding {
  readonly name: string;
  /** undefined: the built-in predictor of a model without providers. */
  readonly route: ProviderRoute | undefined;
  /** It serves the model now. */
  readonly serves: boolean;
  /** It has too much to do to be asked. */
  readonly isBusy: boolean;
  readonly golden: GoldenVerdict;
  readonly latencyMs: number | undefined;
  /** What is wrong, in a sentence. */
  readonly problem: string | undefined;
}

/** How the providers of a model do now. */
export interface HealthReport {
  readonly providers: readonly ProviderFinding[];
  /** Why nobody's scores can be compared: there is no reference here. */
  readonly noGolden: string | undefined;
  /** What its scores were compared with: the reference implementation's, or those of this project's own reference alone. */
  readonly backing: 'golden' | 'self' | undefined;
}

/**
 * - `passed`: somebody serves it with the right scores
 * - `wrong`: somebody serves it, and nobody with the right scores
 * - `failed`: nobody serves it, or nobody can say whether the scores are right
 * - `busy`: nobody could be asked for want of room: no reason to think anything
 */
export type Verdict = 'passed' | 'wrong' | 'failed' | 'busy';

export function evaluate({ providers }: Pick<HealthReport, 'providers'>): Verdict {
  if (providers.some(({ golden }) => golden === 'passed')) return 'passed';
  if (providers.some(({ golden }) => golden === 'wrong')) return 'wrong';
  return providers.some(({ isBusy }) => isBusy) ? 'busy' : 'failed';
}

/** Why a model is not well, in sentences. */
export function problemOf({
  providers,
  noGolden,
}: Pick<HealthReport, 'providers' | 'noGolden'>): string {
  const problems = providers.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`${name}: ${problem}`],
  );
  return [...problems, ...(noGolden === undefined ? [] : [noGolden])].join(' ');
}

/** What is written down of a provider. Who has not shown its scores is not well, however it answers. */
export function healthOf(
  { serves, golden }: Pick<ProviderFinding, 'serves' | 'golden'>,
  wasVerified: boolean,
): { readonly health: ProviderHealth; readonly verified: boolean } {
  if (golden === 'wrong') return { health: 'WRONG_SCORES', verified: false };
  const verified = golden === 'passed' || wasVerified;
  if (!serves) return { health: 'UNREACHABLE', verified };
  return { health: verified ? 'READY' : 'UNKNOWN', verified };
}
