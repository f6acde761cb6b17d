import { Page } from '../../ui/page.js';
import { useHref } from '../../ui/site.js';

/** The API could not answer: what it said, and how to go on. */
export function UnavailablePage({ message }: { readonly message: string }) {
  const href = useHref();
  return (
    <Page
      title="Not available · gigarouter"
      description="This page is not available right now."
      canonical={undefined}
    >
      <h1>Not available right now</h1>
      <p className="note bad" role="alert">
        {message}
      </p>
      <p>
        Load the page again in a moment, or go to <a href={href('/models')}>all models</a>.
      </p>
    </Page>
  );
}
