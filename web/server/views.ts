import { catalogView } from '../src/features/catalog/catalog-view.js';
import { compareView } from '../src/features/compare/compare-view.js';
import { demandView } from '../src/features/demand/demand-view.js';
import { landingView } from '../src/features/landing/landing-view.js';
import { modelView } from '../src/features/model/model-view.js';
import { statusView } from '../src/features/status/status-view.js';
import type { Execute } from '../src/graphql/operation.js';
import { sentState } from '../src/ui/request-form.js';
import type { View } from '../src/ui/view.js';
import type { PublicRequest } from './index.js';

/** The page at an address; undefined where there is none. */
export async function viewAt(request: PublicRequest, execute: Execute): Promise<View | undefined> {
  const { path, query, site } = request;
  const sent = sentState(query);
  switch (path) {
    case '/':
      return landingView(site, execute);
    case '/models':
      return catalogView(query, execute);
    case '/compare':
      return compareView(query, execute);
    case '/demand':
      return demandView({ after: query.get('after'), request: sent }, execute);
    case '/status':
      return statusView(execute);
  }
  const [, slug] = /^\/models\/([^/]+\/[^/]+)$/.exec(path) ?? [];
  if (slug !== undefined) return modelView({ slug, request: sent, site }, execute);
  return undefined;
}
