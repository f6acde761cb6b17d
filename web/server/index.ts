// The pages that need no JavaScript, as HTML. All that the api imports of this workspace.
import { createElement } from 'react';
import type { Execute } from '../src/graphql/operation.js';
import { PageError, type View } from '../src/ui/view.js';
import type { Site } from '../src/ui/site.js';
import { NotFoundPage } from '../src/features/not-found/not-found-page.js';
import { UnavailablePage } from '../src/features/not-found/unavailable-page.js';
import { pageOf, type PublicPage } from './page.js';
import { viewAt } from './views.js';

export type { Execute, Execution, Operation } from '../src/graphql/operation.js';
export type { Site } from '../src/ui/site.js';
export { sendRequest } from './requests.js';
export type { PublicPage } from './page.js';
export { robots, sitemap } from './robots.js';

export interface PublicRequest {
  /** Decoded, from the address of the server on. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly site: Site;
}

/**
 * The page at an address; one that says so where there is none, or where the API cannot answer now.
 * @param execute runs an operation as a visitor who is not signed in
 */
export async function renderPublic(request: PublicRequest, execute: Execute): Promise<PublicPage> {
  const { site } = request;
  try {
    const view = await viewAt(request, execute);
    return pageOf(view ?? notFound(request), site);
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    const page = createElement(UnavailablePage, { message: error.message });
    return { ...pageOf({ status: error.status, page }, site), maxAge: 0 };
  }
}

function notFound({ path }: PublicRequest): View {
  const search = (path.split('/').at(-1) ?? '').slice(0, 100);
  return { status: 404, page: createElement(NotFoundPage, { search }) };
}
