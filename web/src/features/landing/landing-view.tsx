import { partialDate } from '../../format/date.js';
import { counted, whole } from '../../format/number.js';
import type { Execute } from '../../graphql/operation.js';
import { Page } from '../../ui/page.js';
import { type Site, useHref } from '../../ui/site.js';
import { Sparkline } from '../../ui/sparkline.js';
import { StatusTag } from '../../ui/status-tag.js';
import { load, type View } from '../../ui/view.js';
import { Example } from './example.js';
import { LandingPage, type LandingPageQuery } from './landing.operation.js';

type Live = NonNullable<LandingPageQuery['live']>;
type Wanted = NonNullable<LandingPageQuery['wanted']>;

/** The first page: what this is, what a call costs, what can be called and what is asked for. */
export async function landingView(site: Site, execute: Execute): Promise<View> {
  const { live, wanted } = await load(execute, LandingPage, {});
  return { status: 200, page: <Landing {...{ site, live, wanted }} /> };
}

function Landing(props: {
  readonly site: Site;
  readonly live: Live | null;
  readonly wanted: Wanted | null;
}) {
  const { site, live, wanted } = props;
  const href = useHref();
  const priced = live?.nodes.find(({ prices }) => prices.some(({ unit }) => unit === 'IMAGE'));
  const title = 'gigarouter: image models, charged for exactly what ran';
  return (
    <Page
      title={title}
      description="Zero-shot image classification and embeddings with SigLIP and CLIP, from prepaid credit: each call is quoted before and itemized after."
      canonical="/"
      data={{ '@type': 'WebSite', name: 'gigarouter', url: `${site.url}/` }}
    >
      <h1 className="claim">
        Classify images with labels you choose, and pay for exactly what ran.
      </h1>
      <p className="lead">
        SigLIP and CLIP models behind one API that your OpenAI or Hugging Face client already
        speaks. Credit is prepaid and cannot be overspent.
      </p>
      <p className="ways">
        <a className="button" href={href('/models')}>
          Browse models
        </a>
        <a href={href('/docs')}>Read the API reference</a>
      </p>
      {priced !== undefined && <Example model={priced} url={site.url} />}
      <div className="halves">
        <LiveNow live={live} />
        <MostWanted wanted={wanted} />
      </div>
    </Page>
  );
}

function LiveNow({ live }: { readonly live: Live | null }) {
  const href = useHref();
  const nodes = live?.nodes ?? [];
  return (
    <section aria-labelledby="live">
      <div className="heading">
        <h2 id="live">Live now</h2>
        <a href={href('/status')}>status →</a>
      </div>
      {nodes.length === 0 && <p className="nothing">No model can be called yet.</p>}
      <ul className="lines">
        {nodes.map(({ slug, name, status, summary }) => (
          <li key={slug}>
            <div>
              <a href={href(`/models/${slug}`)} dir="auto">
                {name}
              </a>
              <StatusTag status={status} />
            </div>
            <p className="summary" dir="auto">
              {summary}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function MostWanted({ wanted }: { readonly wanted: Wanted | null }) {
  const href = useHref();
  const nodes = wanted?.nodes ?? [];
  return (
    <section aria-labelledby="wanted">
      <div className="heading">
        <h2 id="wanted">Most wanted</h2>
        <a href={href('/demand')}>{`all ${whole(wanted?.totalCount ?? 0)} →`}</a>
      </div>
      {nodes.length === 0 && <p className="nothing">Every model of the catalog can be called.</p>}
      <ol className="lines">
        {nodes.map(({ slug, name, demand: { requests, weekly, expectedOn } }) => (
          <li key={slug}>
            <div>
              <a href={href(`/models/${slug}`)} dir="auto">
                {name}
              </a>
              <Sparkline
                values={weekly}
                label={`Requests a week, oldest first: ${weekly.join(', ')}`}
              />
            </div>
            <p className="summary">
              {requests === 0 ? 'no request yet' : counted(requests, 'request')}
              {expectedOn !== null && ` · expected ${partialDate(expectedOn)}`}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
