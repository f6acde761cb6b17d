import { z } from 'zod';
import { AppError } from '../../errors.js';

/** The only version of a model: another checkpoint is published under another name. */
export const MODEL_VERSION = '1';

/** One pattern for the addresses of a model. */
export interface ModelAddress {
  /** Fastify's pattern. */
  readonly url: string;
  /** The same as OpenAPI writes it. */
  readonly path: string;
  /** Of operation ids. */
  readonly suffix: string;
  /** Slug of the model. @throws AppError NOT_FOUND for a version that it does not have */
  readonly params: z.ZodType<string>;
}

const Version = z.object({ version: z.string().optional() });

/** The slash of a name comes as %2F or as it is; both are served, the first is described. */
const NAMES = [
  {
    url: '/v2/models/:model',
    suffix: '',
    params: Version.extend({ model: z.string() }),
  },
  {
    url: '/v2/models/:owner/:name',
    suffix: 'ByOwner',
    params: Version.extend({ owner: z.string(), name: z.string() }),
  },
];

const VERSIONS = [
  { url: '', path: '', suffix: '' },
  { url: '/versions/:version', path: '/versions/{version}', suffix: 'Version' },
];

/** Every address of a model: by name, and by name and version. */
export const MODEL_ADDRESSES: readonly ModelAddress[] = NAMES.flatMap((name) =>
  VERSIONS.map((version) => ({
    url: name.url + version.url,
    path: `/v2/models/{model}${version.path}`,
    suffix: version.suffix + name.suffix,
    params: name.params.transform(({ version: asked = MODEL_VERSION, ...rest }) => {
      const model = 'model' in rest ? rest.model : `${rest.owner}/${rest.name}`;
      if (asked === MODEL_VERSION) return model;
      throw new AppError(
        'NOT_FOUND',
        `Version ${asked} of ${model} is not found. It has version ${MODEL_VERSION} only.`,
      );
    }),
  })),
);
