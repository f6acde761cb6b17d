import type { Execute } from '../../graphql/operation.js';
import type { RequestState } from '../../ui/request-form.js';
import type { Site } from '../../ui/site.js';
import { load, type View } from '../../ui/view.js';
import { ModelPage as Component } from './model-page.js';
import { ModelPage } from './model.operation.js';

export interface ModelAddress {
  /** Slug or alias. */
  readonly slug: string;
  /** What became of a request that was sent from the page. */
  readonly request: RequestState;
  readonly site: Site;
}

/** @returns undefined where there is no such model; where it is, for an alias */
export async function modelView(
  { slug, request, site }: ModelAddress,
  execute: Execute,
): Promise<View | undefined> {
  const { model } = await load(execute, ModelPage, { slug });
  if (model === null) return undefined;
  if (model.slug !== slug) return { location: `${site.url}/models/${model.slug}` };
  const status = request.kind === 'refused' ? 422 : 200;
  return { status, page: <Component model={model} request={request} /> };
}
