import { partialDate } from '../../format/date.js';
import { counted, whole } from '../../format/number.js';
import { nameIn, STAGE_NAMES } from '../../ui/names.js';
import { RequestForm, type RequestState } from '../../ui/request-form.js';
import { useHref } from '../../ui/site.js';
import { Sparkline } from '../../ui/sparkline.js';
import type { Model } from './model-page.js';

/** What there is to know about the launch, and how to ask for it. */
export function NotYetLive(props: { readonly model: Model; readonly request: RequestState }) {
  const { model, request } = props;
  const { requests, rank, stage, expectedOn, weekly } = model.demand;
  const href = useHref();
  if (model.status === 'RETIRED') {
    return (
      <section aria-labelledby="ask" className="ask">
        <h2 id="ask">Retired</h2>
        <p>
          This model can no longer be called.{' '}
          <a href={href('/models?status=LIVE')}>See the models that can</a>.
        </p>
      </section>
    );
  }
  return (
    <section aria-labelledby="ask" className="ask">
      <div>
        <h2 id="ask">Not yet live</h2>
        <p>
          {requests === 0
            ? 'Nobody has asked for this model yet.'
            : `${counted(requests, 'person', 'people')} ${requests === 1 ? 'wants' : 'want'} this model.`}{' '}
          The models that most people ask for go live first.
        </p>
        <dl className="facts">
          <div>
            <dt>Place</dt>
            <dd>
              {rank === null || requests === 0 ? (
                'not ranked'
              ) : (
                <a href={href('/demand')}>{`#${whole(rank)}`}</a>
              )}
            </dd>
          </div>
          <div>
            <dt>Stage</dt>
            <dd>{nameIn(STAGE_NAMES, stage)}</dd>
          </div>
          <div>
            <dt>Expected</dt>
            <dd>{expectedOn === null ? 'no date yet' : partialDate(expectedOn)}</dd>
          </div>
          {requests > 0 && (
            <div>
              <dt>Last 12 weeks</dt>
              <dd>
                <Sparkline
                  values={weekly}
                  label={`Requests a week, oldest first: ${weekly.join(', ')}`}
                />
              </dd>
            </div>
          )}
        </dl>
      </div>
      <RequestForm slug={model.slug} state={request} />
    </section>
  );
}
