import { partialDate } from '../../format/date.js';
import { counted, whole } from '../../format/number.js';
import type { Execute } from '../../graphql/operation.js';
import { nameIn, STAGE_NAMES } from '../../ui/names.js';
import { Page } from '../../ui/page.js';
import { RequestForm, type RequestState } from '../../ui/request-form.js';
import { useHref } from '../../ui/site.js';
import { Sparkline } from '../../ui/sparkline.js';
import { load, PageError, type View } from '../../ui/view.js';
import { DemandPage, type DemandPageQuery } from './demand.operation.js';

type Models = NonNullable<DemandPageQuery['models']>;

/** What people ask for. @param request what became of a request that was sent from there */
export async function demandView(
  { after, request }: { readonly after: string | null; readonly request: RequestState },
  execute: Execute,
): Promise<View> {
  const { models } = await load(execute, DemandPage, { after });
  if (models === null) throw new PageError(503, 'The demand board has no answer.');
  const status = request.kind === 'refused' ? 422 : 200;
  return { status, page: <Demand models={models} request={request} isFirst={after === null} /> };
}

function Demand(props: {
  readonly models: Models;
  readonly request: RequestState;
  readonly isFirst: boolean;
}) {
  const { models, request, isFirst } = props;
  const { nodes, pageInfo } = models;
  const href = useHref();
  return (
    <Page
      title="Demand · gigarouter"
      description="The models that people ask for, in order: how many want each, how far it is, and when it is expected."
      canonical={isFirst ? '/demand' : undefined}
      section="/demand"
    >
      <h1>Demand</h1>
      <p className="lead">
        Models that cannot be called yet, by how many people ask for them. Those at the top go live
        first.
      </p>
      {nodes.length === 0 ? (
        <div className="nothing">
          <h2>Nothing is waiting</h2>
          <p>
            Every model of <a href={href('/models')}>the catalog</a> can be called. Ask for another
            below.
          </p>
        </div>
      ) : (
        <table className="board">
          <thead>
            <tr>
              <th scope="col" className="end">
                Place
              </th>
              <th scope="col">Model</th>
              <th scope="col" className="end">
                Requests
              </th>
              <th scope="col">12 weeks</th>
              <th scope="col">Stage</th>
              <th scope="col">Expected</th>
              <th scope="col">
                <span className="hidden">Ask</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {nodes.map((model) => (
              <Row key={model.slug} model={model} />
            ))}
          </tbody>
        </table>
      )}
      {pageInfo.hasNextPage && pageInfo.endCursor !== null && (
        <p className="more">
          <a href={href(`/demand?after=${encodeURIComponent(pageInfo.endCursor)}`)} rel="next">
            Next page →
          </a>
        </p>
      )}
      <section aria-labelledby="ask" className="another">
        <div>
          <h2 id="ask">Ask for another model</h2>
          <p>
            Any SigLIP or CLIP model of the Hugging Face Hub. Once others want it too, it gets a
            place on this board.
          </p>
        </div>
        <RequestForm state={request} />
      </section>
    </Page>
  );
}

function Row({ model }: { readonly model: Models['nodes'][number] }) {
  const { slug, name, demand } = model;
  const { rank, requests, lastWeek, weekly, stage, expectedOn } = demand;
  const href = useHref();
  return (
    <tr>
      <td className="end place">{rank === null || requests === 0 ? '–' : whole(rank)}</td>
      <th scope="row">
        <a href={href(`/models/${slug}`)} dir="auto">
          {name}
        </a>
        <span className="slug">{slug}</span>
      </th>
      <td className="end requests">
        {whole(requests)}
        {lastWeek > 0 && <span className="recent">{`+${whole(lastWeek)} this week`}</span>}
      </td>
      <td className="weeks">
        <Sparkline
          values={weekly}
          label={`${counted(requests, 'request')}; a week, oldest first: ${weekly.join(', ')}`}
        />
      </td>
      <td>{nameIn(STAGE_NAMES, stage)}</td>
      <td>
        {expectedOn === null ? <span className="unknown">no date</span> : partialDate(expectedOn)}
      </td>
      <td className="end">
        <a href={href(`/models/${slug}#ask`)} aria-label={`Ask for ${name}`}>
          ask →
        </a>
      </td>
    </tr>
  );
}
