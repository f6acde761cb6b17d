/** What the address of the catalog says. */
export interface CatalogQuery {
  readonly search: string;
  readonly tasks: readonly string[];
  readonly statuses: readonly string[];
  readonly owners: readonly string[];
  readonly licenses: readonly string[];
  /** Key of `SIZES`; undefined: any. */
  readonly size: string | undefined;
  readonly isPriced: boolean;
  readonly order: string | undefined;
  readonly after: string | undefined;
}

/** Ranges of the number of parameters. */
export const SIZES: Readonly<Record<string, { name: string; min?: number; max?: number }>> = {
  small: { name: 'under 200M', max: 199_999_999 },
  medium: { name: '200M to 500M', min: 200_000_000, max: 499_999_999 },
  large: { name: '500M to 1B', min: 500_000_000, max: 999_999_999 },
  huge: { name: '1B and more', min: 1_000_000_000 },
};

export const STATUSES = ['LIVE', 'COMING_SOON', 'DEGRADED', 'DEPRECATED', 'RETIRED'] as const;

export const ORDERS = {
  RELEVANCE: 'Best match',
  DOWNLOADS: 'Downloads',
  DEMAND: 'Demand',
  NEWEST: 'Newest',
  PRICE: 'Price',
  PARAMETERS: 'Parameters',
  NAME: 'Name',
} as const;
export type OrderField = keyof typeof ORDERS;

const TASKS = [
  'ZERO_SHOT_IMAGE_CLASSIFICATION',
  'IMAGE_CLASSIFICATION',
  'IMAGE_FEATURE_EXTRACTION',
  'FEATURE_EXTRACTION',
] as const;

/** Longest search of the API, longest value of a facet, and number of values of one. */
const SEARCH_MAX = 100;
const VALUE_MAX = 100;
const VALUES_MAX = 20;

/** Reads an address. What is unknown in it is left out, so that old links still show the catalog. */
export function readCatalogQuery(query: URLSearchParams): CatalogQuery {
  const known = (name: string, values: readonly string[]) =>
    [...new Set(query.getAll(name))].filter((value) => values.includes(value));
  const any = (name: string) =>
    [...new Set(query.getAll(name))].filter(isName).slice(0, VALUES_MAX);
  const search = (query.get('q') ?? '').trim().slice(0, SEARCH_MAX);
  const [size] = known('size', Object.keys(SIZES));
  const [order] = known('order', Object.keys(ORDERS));
  return {
    search,
    tasks: known('task', TASKS),
    statuses: known('status', STATUSES),
    owners: any('owner'),
    licenses: any('license'),
    size,
    isPriced: query.get('priced') === '1',
    // Without a search there is nothing to match.
    order: order === 'RELEVANCE' && search === '' ? undefined : order,
    after: query.get('after') ?? undefined,
  };
}

/** Every link of the page repeats the values: long ones would make it many times as long as its address. */
function isName(value: string): boolean {
  return value !== '' && value.length <= VALUE_MAX;
}

/** The address of what a query asks for. Changing a facet leads to the first page. */
export function catalogAddress(query: CatalogQuery): string {
  const pairs: [string, string][] = [
    ...(query.search === '' ? [] : [['q', query.search] as [string, string]]),
    ...query.tasks.map((value): [string, string] => ['task', value]),
    ...query.statuses.map((value): [string, string] => ['status', value]),
    ...query.owners.map((value): [string, string] => ['owner', value]),
    ...query.licenses.map((value): [string, string] => ['license', value]),
    ...(query.size === undefined ? [] : [['size', query.size] as [string, string]]),
    ...(query.isPriced ? [['priced', '1'] as [string, string]] : []),
    ...(query.order === undefined ? [] : [['order', query.order] as [string, string]]),
    ...(query.after === undefined ? [] : [['after', query.after] as [string, string]]),
  ];
  const text = new URLSearchParams(pairs).toString();
  return text === '' ? '/models' : `/models?${text}`;
}

/** With a value more, or without one that is there. */
export function toggled(values: readonly string[], value: string): readonly string[] {
  return values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
}
