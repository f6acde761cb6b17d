import pLimit from 'p-limit';
import type { Model, ProviderRoute, ProvidersService } from '../catalog/index.js';
import { AppError } from '../errors.js';
import type {
  LoadedModel,
  ModelService,
  Predictor,
  PredictorsService,
} from '../inference/index.js';
import { graphName, type Tower } from '../predictor/graph-name.js';
import { checkGolden, readReference, type Reference, type Variant } from '../siglip/index.js';
import { type HealthReport, healthOf, type ProviderFinding } from './health-report.js';

const TOWERS: readonly Tower[] = ['image', 'text'];
const PROBE_MS = 5_000;
/** Of one row, its queue included. */
const INFER_MS = 60_000;
/** Providers that are asked at the same time. */
const PARALLEL_MAX = 4;
/** An answer that is older is asked for again. */
const STALE_MS = 30_000;
const STALE_ROWS_MAX = 20;

const BUILT_IN_NAME = 'the built-in predictor';

/**
 * Asks providers whether they serve a model, and compares their scores with the reference's. Scores are
 * asked for as calls are, over the Open Inference Protocol: what is checked is what is sold, wherever it
 * runs, and the api process runs no inference (docs/decisions/0015).
 */
export class ProviderChecksService {
  constructor(
    private readonly providers: Pick<ProvidersService, 'routes' | 'claimStale' | 'saveHealth'>,
    private readonly predictors: Pick<PredictorsService, 'to' | 'builtIn'>,
    private readonly models: Pick<ModelService, 'get'>,
  ) {}

  /** Every enabled provider of a model, thoroughly; what is found of each is written down. */
  async check({ id, servedAs }: Pick<Model, 'id' | 'servedAs'>): Promise<HealthReport> {
    const [routes, variant, reference] = await Promise.all([
      this.providers.routes(id),
      this.variantOf(servedAs),
      this.reference(servedAs),
    ]);
    const asked = { servedAs, variant };
    const limit = pLimit(PARALLEL_MAX);
    const targets = routes.length === 0 ? [undefined] : routes;
    const providers = await Promise.all(
      targets.map((route) => limit(() => this.examine(asked, route, reference))),
    );
    return 'problem' in reference
      ? { providers, noGolden: reference.problem, backing: undefined }
      : { providers, noGolden: undefined, backing: reference.backing };
  }

  /**
   * Asks providers that nobody has asked lately whether they serve their model. Safe on several servers.
   * @returns true when more wait
   */
  async turn(): Promise<boolean> {
    const stale = await this.providers.claimStale(STALE_MS, STALE_ROWS_MAX);
    const limit = pLimit(PARALLEL_MAX);
    await Promise.all(
      stale.map((route) =>
        limit(async () => {
          const { servedAs } = route;
          const asked = { servedAs, variant: await this.variantOf(servedAs) };
          const found = await probe(this.predictors.to(route), asked);
          // Scores are compared by the regular check: until then they are what they were.
          const golden = route.health === 'WRONG_SCORES' && found.serves ? 'wrong' : 'unknown';
          const problem =
            golden === 'wrong' ? 'Its scores were wrong at the last check.' : undefined;
          await this.providers.saveHealth(route, {
            ...healthOf({ ...found, golden }, route.verified),
            latencyMs: found.latencyMs,
            problem: found.problem ?? problem,
          });
        }),
      ),
    );
    return stale.length === STALE_ROWS_MAX;
  }

  private async examine(
    asked: Asked,
    route: ProviderRoute | undefined,
    reference: Comparison,
  ): Promise<ProviderFinding> {
    const predictor = route === undefined ? this.predictors.builtIn : this.predictors.to(route);
    const found = await probe(predictor, asked);
    const compared =
      found.serves && 'golden' in reference
        ? await compare(predictor, reference)
        : { golden: 'unknown' as const, problem: undefined, isBusy: false };
    const finding = {
      name: route?.name ?? BUILT_IN_NAME,
      route,
      ...found,
      golden: compared.golden,
      isBusy: found.isBusy || compared.isBusy,
      problem: found.problem ?? compared.problem,
    };
    if (route !== undefined && !finding.isBusy) {
      const { latencyMs, problem } = finding;
      await this.providers.saveHealth(route, {
        ...healthOf(finding, route.verified),
        latencyMs,
        problem,
      });
    }
    return finding;
  }

  /** What calls ask for. A model that is not installed here is called by nobody, and looked for in fp32. */
  private async variantOf(servedAs: string): Promise<Variant> {
    try {
      return (await this.models.get(servedAs)).variant;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return 'fp32';
    }
  }

  /** What the reference says of the model; it lies beside the files that the api process reads too. */
  private async reference(servedAs: string): Promise<Comparison> {
    try {
      const model = await this.models.get(servedAs);
      const reference = await readReference(model);
      if (reference !== undefined) return { model, ...reference };
      return {
        problem: `The model has no golden.json, so its scores cannot be verified. Add the one of the reference implementation (models/demo-shapes/README.md), or compute this project’s own reference: gigarouter models reference ${servedAs}`,
      };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const advice =
        error.code === 'NOT_FOUND' ? ` Install it: gigarouter models pull ${servedAs}` : '';
      return { problem: `${error.message}${advice}` };
    }
  }
}

/** Graphs of a model, by what names them. */
interface Asked {
  readonly servedAs: string;
  readonly variant: Variant;
}

type Known = Reference & { readonly model: LoadedModel };
type Comparison = Known | { readonly problem: string };

/** Whether both towers are served now. */
async function probe(
  predictor: Predictor,
  { servedAs, variant }: Asked,
): Promise<Pick<ProviderFinding, 'serves' | 'isBusy' | 'latencyMs' | 'problem'>> {
  const startedAt = performance.now();
  try {
    const hashes = await Promise.all(
      TOWERS.map((tower) => predictor.find(graphName(servedAs, variant, tower), PROBE_MS)),
    );
    const latencyMs = Math.round(performance.now() - startedAt);
    const serves = !hashes.includes(undefined);
    const problem = serves ? undefined : `It does not serve ${servedAs} in ${variant}.`;
    return { serves, isBusy: false, latencyMs, problem };
  } catch (error) {
    return { serves: false, latencyMs: undefined, ...told(error) };
  }
}

async function compare(
  predictor: Predictor,
  { model, golden }: Known,
): Promise<Pick<ProviderFinding, 'golden' | 'isBusy' | 'problem'>> {
  const { slug, variant, graphs } = model;
  try {
    await checkGolden(model, golden, async (tower, input) => {
      const [spec] = graphs[tower].inputs;
      const graph = graphName(slug, variant, tower);
      const options = { timeoutMs: INFER_MS };
      const { data } = await predictor.infer(graph, spec?.name ?? '', input, options);
      return data as Float32Array;
    });
    return { golden: 'passed', isBusy: false, problem: undefined };
  } catch (error) {
    const isWrong = error instanceof AppError && error.code === 'BAD_USER_INPUT';
    return { golden: isWrong ? 'wrong' : 'unknown', ...told(error) };
  }
}

/** @throws what is no AppError: a mistake of ours */
function told(error: unknown): { problem: string; isBusy: boolean } {
  if (!(error instanceof AppError)) throw error;
  return { problem: error.message, isBusy: error.code === 'OVERLOADED' };
}
