import { AppError } from '../errors.js';
import {
  type CompiledModel,
  listPublishedFiles,
  type ManifestVariant,
  modelFolder,
  openModel,
  type PublishedFile,
  servedVariant,
  Tokenizer,
  type Variant,
} from '../siglip/index.js';

/** What the api process needs of a model: all but the weights, which the predictor holds. */
export interface LoadedModel extends CompiledModel {
  /** That its folder and its graphs are named by: of the catalog's models, `servedAs`. */
  readonly slug: string;
  /** The one of its variants that calls run, and its graphs. */
  readonly variant: Variant;
  readonly graphs: ManifestVariant;
  readonly tokenizer: Tokenizer;
}

/** The models of a folder, each opened once, when it is first asked for. */
export class ModelService {
  private readonly bySlug = new Map<string, Promise<LoadedModel>>();

  /** @param wanted variant that calls run, of each model that has it; the others run in fp32 */
  constructor(
    private readonly root: string,
    private readonly wanted: Variant,
  ) {}

  /**
   * @throws AppError NOT_FOUND when the model is not there or not compiled; BAD_USER_INPUT when its files
   *   do not fit each other. Both are tried again by the next call.
   */
  get(slug: string): Promise<LoadedModel> {
    const opened = this.bySlug.get(slug);
    if (opened !== undefined) return opened;
    const opening = open(this.root, slug, this.wanted);
    this.bySlug.set(slug, opening);
    opening.catch(() => this.bySlug.delete(slug));
    return opening;
  }

  /** Files that a model was published with; none when it is not installed. */
  files(slug: string): Promise<readonly PublishedFile[]> {
    return listPublishedFiles(modelFolder(this.root, slug));
  }
}

async function open(root: string, slug: string, wanted: Variant): Promise<LoadedModel> {
  const model = await openModel(modelFolder(root, slug)).catch((cause: unknown) => {
    if (!(cause instanceof AppError && cause.code === 'NOT_FOUND')) throw cause;
    // Its message says where things lie on this machine, which is no caller's business.
    throw new AppError('NOT_FOUND', `${slug} is not installed on this server.`, { cause });
  });
  const [variant, graphs] = servedVariant(model, wanted);
  const tokenizer = await Tokenizer.open(model.folder, model.config);
  return { ...model, slug, variant, graphs, tokenizer };
}
