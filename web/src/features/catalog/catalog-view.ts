import { createElement } from 'react';
import type { Execute } from '../../graphql/operation.js';
import { load, PageError, type View } from '../../ui/view.js';
import { CatalogPage as Component } from './catalog-page.js';
import { CatalogPage, type CatalogPageQueryVariables } from './catalog.operation.js';
import { CatalogFacets } from './facets.operation.js';
import { type CatalogQuery, type OrderField, readCatalogQuery, SIZES } from './query.js';

type Filter = NonNullable<CatalogPageQueryVariables['filter']>;

export async function catalogView(params: URLSearchParams, execute: Execute): Promise<View> {
  const query = readCatalogQuery(params);
  const [{ models }, facets] = await Promise.all([
    load(execute, CatalogPage, {
      filter: filterOf(query),
      orderBy: query.order === undefined ? null : { field: query.order as OrderField },
      after: query.after ?? null,
    }),
    load(execute, CatalogFacets, {}),
  ]);
  if (models === null) throw new PageError(503, 'The catalog has no answer.');
  const listed = facets.models?.nodes ?? [];
  return {
    status: 200,
    page: createElement(Component, {
      query,
      models,
      tasks: facets.tasks ?? [],
      owners: distinct(listed.map(({ owner }) => owner)),
      licenses: distinct(listed.flatMap(({ license }) => (license === null ? [] : [license]))),
    }),
  };
}

function filterOf(query: CatalogQuery): Filter {
  const { search, tasks, statuses, owners, licenses, isPriced } = query;
  const size = query.size === undefined ? undefined : SIZES[query.size];
  return {
    ...(search === '' ? {} : { search }),
    ...(tasks.length === 0 ? {} : { tasks: tasks as NonNullable<Filter['tasks']> }),
    ...(statuses.length === 0 ? {} : { statuses: statuses as NonNullable<Filter['statuses']> }),
    ...(owners.length === 0 ? {} : { owners }),
    ...(licenses.length === 0 ? {} : { licenses }),
    ...(size === undefined ? {} : { parameters: { min: size.min ?? null, max: size.max ?? null } }),
    ...(isPriced ? { hasPrice: true } : {}),
  };
}

/** The most frequent first. */
function distinct(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value);
}
