import type { Model, PriceUnit } from '../catalog/index.js';
import { type PaidBy, paidUnitKey, type PaidUnitsService } from '../credits/index.js';
import type { AccountId, RunId } from '../platform/ids.js';
import { AccountTurns } from './account-turns.js';
import type { UsedUnit } from './call-charge.js';
import type { EmbeddingService, ImageFile } from './embedding.service.js';
import type { LoadedModel } from './model.service.js';

/** What a call wants embedded. */
export interface Wanted {
  readonly accountId: AccountId;
  readonly model: Pick<Model, 'id'>;
  readonly loaded: LoadedModel;
  readonly files: readonly ImageFile[];
  /** As each image is charged. */
  readonly imageUnit: PriceUnit;
  /** Cleaned. */
  readonly prompts: readonly string[];
  readonly promptUnit: PriceUnit;
  /** Run that has paid for all prompts; left out: they are looked up. */
  readonly promptsPaidBy?: RunId | undefined;
}

/** The units of a call, and which of them its account owns. */
export interface OwnedUnits {
  /** Images before prompts, each in order. */
  readonly used: readonly UsedUnit[];
  readonly payers: PaidBy;
  /** Whether something that the account owns has to be run again. */
  hasForgotten(): boolean;
}

/**
 * Knows what a call's account has paid for before. Whether its embedding is still kept does not matter for the
 * price, as that depends on what others do; it matters for the work, which is done again for free, one call of an
 * account at a time.
 */
export class OwnedUnitsService {
  private readonly turns = new AccountTurns();

  constructor(
    private readonly paid: Pick<PaidUnitsService, 'find'>,
    private readonly embeddings: EmbeddingService,
  ) {}

  /** @throws AppError UPSTREAM_UNAVAILABLE when the database cannot be asked */
  async of(wanted: Wanted): Promise<OwnedUnits> {
    const { accountId, model, loaded, files, prompts, promptsPaidBy } = wanted;
    const { modelHash, variant } = loaded;
    // The unit is part of the name: who has paid for a label does not own the embedding of a text, which costs more.
    const name = (unit: PriceUnit, content: string, isKept: boolean): UsedUnit => ({
      unit,
      key: paidUnitKey(accountId, [model.id, modelHash, variant, unit, content]),
      isKept,
    });
    const { images, texts } = this.embeddings;
    const ofFiles = files.map(({ sha256 }) => name(wanted.imageUnit, sha256, images.keeps));
    const ofPrompts = prompts.map((prompt) => name(wanted.promptUnit, prompt, texts.keeps));
    const isLookedUp = promptsPaidBy === undefined;
    const payers = new Map(
      await this.paid.find(
        accountId,
        [...ofFiles, ...(isLookedUp ? ofPrompts : [])]
          .filter(({ isKept }) => isKept)
          .map(({ key }) => key),
      ),
    );
    if (!isLookedUp) for (const { key } of ofPrompts) payers.set(key, promptsPaidBy);
    const owned = (units: readonly UsedUnit[], at: number) => payers.has(units[at]?.key ?? '');
    return {
      used: [...ofFiles, ...ofPrompts],
      payers,
      hasForgotten: () =>
        files.some((file, at) => owned(ofFiles, at) && !this.embeddings.hasImage(loaded, file)) ||
        (isLookedUp &&
          prompts.some(
            (prompt, at) => owned(ofPrompts, at) && !this.embeddings.hasText(loaded, prompt),
          )),
    };
  }

  /**
   * Runs a call. While it does again what was paid for once, other calls of the account that would do the same wait:
   * so that nobody keeps a predictor busy by paying for more than the caches hold, and asking for it in turns.
   */
  async run<Result>(
    accountId: AccountId,
    units: OwnedUnits,
    signal: AbortSignal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    if (!units.hasForgotten()) return work();
    const { result } = await this.turns.take(accountId, signal, async () => {
      // The call before may have brought it back.
      const doesAgain = units.hasForgotten();
      const running = work();
      const ended = running.catch(() => undefined);
      if (doesAgain) await ended;
      return { result: running };
    });
    return result;
  }
}
