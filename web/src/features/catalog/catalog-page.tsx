import { compact, counted } from '../../format/number.js';
import { COMPARED_MAX } from '../../ui/addresses.js';
import { Money } from '../../ui/money.js';
import { Page } from '../../ui/page.js';
import { useHref } from '../../ui/site.js';
import { StatusTag } from '../../ui/status-tag.js';
import type { CatalogPageQuery } from './catalog.operation.js';
import { Facets, type FacetsProps } from './facets.js';
import { catalogAddress, type CatalogQuery, ORDERS } from './query.js';

type Models = NonNullable<CatalogPageQuery['models']>;

export interface CatalogPageProps extends FacetsProps {
  readonly models: Models;
}

export function CatalogPage({ models, ...facets }: CatalogPageProps) {
  const { query } = facets;
  const href = useHref();
  const { totalCount, nodes, pageInfo } = models;
  const isWhole = catalogAddress(query) === '/models';
  return (
    <Page
      title={query.search === '' ? 'Models · gigarouter' : `${query.search} · Models · gigarouter`}
      description="Models that can be called now, and those that are coming: find one by task, owner, license, size and price."
      canonical={isWhole ? '/models' : undefined}
      section="/models"
    >
      <h1>Models</h1>
      <form className="search" method="get" action={href('/models')} role="search">
        <label htmlFor="q">Search models</label>
        <input id="q" name="q" type="search" maxLength={100} defaultValue={query.search} />
        <Kept query={query} />
        <button>Search</button>
      </form>
      <div className="catalog">
        <Facets {...facets} />
        <div>
          <div className="list-head">
            <p role="status">
              {counted(totalCount, 'model')}
              {!isWhole && (
                <>
                  {' · '}
                  <a href={href('/models')}>clear</a>
                </>
              )}
            </p>
            <Orders query={query} />
          </div>
          {nodes.length === 0 ? <Nothing query={query} /> : <List nodes={nodes} />}
          {pageInfo.hasNextPage && pageInfo.endCursor !== null && (
            <p className="more">
              <a
                href={href(catalogAddress({ ...query, after: pageInfo.endCursor }))}
                rel="next nofollow"
              >
                Next page →
              </a>
            </p>
          )}
        </div>
      </div>
    </Page>
  );
}

/** The rest of the query, which a new search keeps. */
function Kept({ query }: { readonly query: CatalogQuery }) {
  const address = catalogAddress({ ...query, search: '', order: undefined, after: undefined });
  const params = [...new URL(address, 'http://host').searchParams];
  return params.map(([name, value]) => (
    <input key={`${name} ${value}`} type="hidden" name={name} value={value} />
  ));
}

function Orders({ query }: { readonly query: CatalogQuery }) {
  const href = useHref();
  const chosen = query.order ?? (query.search === '' ? 'DOWNLOADS' : 'RELEVANCE');
  const offered = Object.entries(ORDERS).filter(
    ([order]) => order !== 'RELEVANCE' || query.search !== '',
  );
  return (
    <nav className="orders" aria-label="Order">
      {offered.map(([order, name]) => (
        <a
          key={order}
          href={href(catalogAddress({ ...query, order, after: undefined }))}
          rel="nofollow"
          aria-current={order === chosen ? 'true' : undefined}
        >
          {name}
        </a>
      ))}
    </nav>
  );
}

function List({ nodes }: { readonly nodes: Models['nodes'] }) {
  const href = useHref();
  return (
    <form method="get" action={href('/compare')}>
      <ul className="models">
        {nodes.map((model) => (
          <li key={model.slug}>
            <label className="pick">
              <input type="checkbox" name="m" value={model.slug} />
              <span className="hidden">{`Compare ${model.name}`}</span>
            </label>
            <div className="what">
              <h2 dir="auto">
                <a href={href(`/models/${model.slug}`)}>{model.name}</a>
              </h2>
              <p className="slug">{model.slug}</p>
              <p className="summary" dir="auto">
                {model.summary}
              </p>
            </div>
            <Numbers model={model} />
          </li>
        ))}
      </ul>
      <div className="tray">
        <button className="quiet">Compare the chosen</button>
        <p>{`Choose two to ${String(COMPARED_MAX)} models.`}</p>
      </div>
    </form>
  );
}

function Numbers({ model }: { readonly model: Models['nodes'][number] }) {
  const { status, parameters, downloadsPerMonth, demand, prices } = model;
  const price = prices.find(({ unit }) => unit === 'IMAGE');
  const isWanted = status === 'COMING_SOON' || status === 'PROPOSED';
  return (
    <dl className="numbers">
      <div>
        <dt className="hidden">Status</dt>
        <dd>
          <StatusTag status={status} />
        </dd>
      </div>
      {parameters !== null && (
        <div>
          <dt>parameters</dt>
          <dd>{compact(parameters)}</dd>
        </div>
      )}
      {downloadsPerMonth !== null && (
        <div>
          <dt>downloads a month</dt>
          <dd>{compact(downloadsPerMonth)}</dd>
        </div>
      )}
      {price !== undefined && (
        <div>
          <dt>per image</dt>
          <dd>
            <Money nanos={price.nanosPerUnit} as="exact" />
          </dd>
        </div>
      )}
      {isWanted && demand.requests > 0 && (
        <div>
          <dt>want it</dt>
          <dd>{compact(demand.requests)}</dd>
        </div>
      )}
    </dl>
  );
}

function Nothing({ query }: { readonly query: CatalogQuery }) {
  const href = useHref();
  return (
    <div className="nothing">
      <h2>{query.search === '' ? 'No model fits' : `No model fits “${query.search}”`}</h2>
      <p>
        <a href={href('/models')}>See all models</a>, or{' '}
        <a href={href('/demand#ask')}>ask for one that is not here</a>.
      </p>
    </div>
  );
}
