import { readList } from './parameters.js';
import { invalid } from './stripe-error.js';
import type { SimulatorStore, StripeObject } from './store.js';

/** A page of objects, newest first. @param path as `billing/meters` @throws StripeSimulatorError 400 */
export function listOf(
  store: SimulatorStore,
  kind: StripeObject['object'],
  path: string,
  given: unknown,
): object {
  const { limit, created = {}, expand, filters, ...places } = readList(kind, given);
  const { gte = 0, gt = -1, lt = Infinity, lte = Infinity } = created;
  const all = store
    .all(kind)
    .filter((object) =>
      filters.every(
        ([name, value]) => (object as unknown as Record<string, unknown>)[name] === value,
      ),
    )
    .filter(({ created: at }) => at >= gte && at > gt && at < lt && at <= lte);
  const placeOf = (id: string) => {
    const at = all.findIndex((object) => object.id === id);
    if (at === -1) throw invalid(`No such object: ${id}`, { code: 'resource_missing' });
    return at;
  };
  const { starting_after: after, ending_before: before } = places;
  const end = before === undefined ? undefined : placeOf(before);
  const start = end === undefined ? (after === undefined ? 0 : placeOf(after) + 1) : end - limit;
  const page = {
    object: 'list',
    data: all.slice(Math.max(0, start), end ?? start + limit),
    has_more: end === undefined ? all.length > start + limit : start > 0,
    url: `/v1/${path}`,
  };
  return expanded(store, page, expand);
}

/** A copy in which the paths name objects, not their ids. @param paths as `data.source` */
export function expanded(
  store: SimulatorStore,
  object: object,
  paths: readonly string[] = [],
): object {
  const copy = structuredClone(object);
  for (const path of paths) expandPath(store, copy, path.split('.'));
  return copy;
}

function expandPath(store: SimulatorStore, within: unknown, [name, ...rest]: string[]): void {
  if (Array.isArray(within)) {
    for (const one of within) expandPath(store, one, name === undefined ? rest : [name, ...rest]);
    return;
  }
  if (typeof within !== 'object' || within === null || name === undefined) return;
  const record = within as Record<string, unknown>;
  const value = record[name];
  if (typeof value === 'string') record[name] = structuredClone(store.any(value)) ?? value;
  expandPath(store, record[name], rest);
}
