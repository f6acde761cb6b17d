import { createElement, type ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { type Site, SiteProvider } from '../src/ui/site.js';
import type { View } from '../src/ui/view.js';

export interface PublicPage {
  readonly status: number;
  readonly html: string;
  /** Seconds for which the page may be kept; 0: not at all. */
  readonly maxAge: number;
  /** Where the page is, when it is not here. */
  readonly location?: string;
}

/** Seconds that answers of the API may be kept, too. */
const MAX_AGE_S = 60;

/** Also for a page that answers a form. */
export function pageOf(view: View, site: Site): PublicPage {
  if ('location' in view)
    return { status: 308, html: '', maxAge: MAX_AGE_S, location: view.location };
  return { status: view.status, html: documentOf(view.page, site), maxAge: MAX_AGE_S };
}

function documentOf(page: ReactElement, site: Site): string {
  return `<!doctype html>${renderToStaticMarkup(createElement(SiteProvider, { value: site }, page))}`;
}
