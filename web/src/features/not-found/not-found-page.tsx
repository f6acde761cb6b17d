import { Page } from '../../ui/page.js';
import { useHref } from '../../ui/site.js';

/** An address with nothing behind it, with ways on. @param search what the visitor may have meant */
export function NotFoundPage({ search }: { readonly search: string }) {
  const href = useHref();
  return (
    <Page
      title="Not found · gigarouter"
      description="There is nothing at this address."
      canonical={undefined}
    >
      <h1>Not found</h1>
      <p className="lead">There is nothing at this address. Search the catalog instead:</p>
      <form className="search" method="get" action={href('/models')} role="search">
        <label htmlFor="q">Search models</label>
        <input id="q" name="q" type="search" maxLength={100} defaultValue={search} />
        <button>Search</button>
      </form>
      <p>
        <a href={href('/models')}>All models</a> or{' '}
        <a href={href('/demand')}>ask for one that is not here</a>
      </p>
    </Page>
  );
}
