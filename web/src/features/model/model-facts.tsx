import { partialDate } from '../../format/date.js';
import { compact, whole } from '../../format/number.js';
import { nameIn, STATUS_NAMES } from '../../ui/names.js';
import type { Model } from './model-page.js';

/** Dates, the one-line summary, and the four tiles. */
export function ModelFacts({ model }: { readonly model: Model }) {
  const { publishedOn, updatedOn, summary, status, apiProviders, downloadsPerMonth } = model;
  const dates = [
    ...(publishedOn === null ? [] : [['published', publishedOn] as const]),
    ...(updatedOn === null ? [] : [['updated', updatedOn] as const]),
  ];
  const isCallable = status === 'LIVE' || status === 'DEGRADED' || status === 'DEPRECATED';
  return (
    <>
      {dates.length > 0 && (
        <p className="dates">
          {dates.map(([what, date]) => (
            <span key={what}>
              {what} <time dateTime={date}>{partialDate(date)}</time>
            </span>
          ))}
        </p>
      )}
      <p className="lead" dir="auto">
        {summary}
      </p>
      <dl className="tiles">
        <div>
          <dt>Status</dt>
          <dd className={status === 'LIVE' ? 'good' : undefined}>{nameIn(STATUS_NAMES, status)}</dd>
        </div>
        <div>
          <dt>API providers</dt>
          <dd>{apiProviders === 0 && isCallable ? 'built in' : whole(apiProviders)}</dd>
        </div>
        <div>
          <dt>Downloads a month</dt>
          <dd>{downloadsPerMonth === null ? 'unknown' : compact(downloadsPerMonth)}</dd>
        </div>
        <div>
          <dt>License</dt>
          <dd>{model.license ?? 'unknown'}</dd>
        </div>
      </dl>
    </>
  );
}
