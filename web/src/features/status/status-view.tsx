import { day } from '../../format/date.js';
import { duration, percent } from '../../format/number.js';
import type { Execute } from '../../graphql/operation.js';
import { Page } from '../../ui/page.js';
import { useHref } from '../../ui/site.js';
import { StatusTag } from '../../ui/status-tag.js';
import { load, PageError, type View } from '../../ui/view.js';
import { StatusPage, type StatusPageQuery } from './status.operation.js';

type Models = NonNullable<StatusPageQuery['models']>;
type Window = Models['nodes'][number]['performance']['lastHour'];

/** How the models that can be called do. */
export async function statusView(execute: Execute): Promise<View> {
  const { models } = await load(execute, StatusPage, {});
  if (models === null) throw new PageError(503, 'The status has no answer.');
  return { status: 200, page: <Status models={models} /> };
}

function Status({ models }: { readonly models: Models }) {
  const { nodes } = models;
  const href = useHref();
  const troubled = nodes.filter(({ status }) => status === 'DEGRADED');
  return (
    <Page
      title="Status · gigarouter"
      description="Availability and latency of each model, measured on real calls in the last hour, day and month."
      canonical="/status"
      section="/status"
    >
      <h1>Status</h1>
      {nodes.length === 0 ? (
        <p className="lead">
          No model can be called yet. <a href={href('/demand')}>See what is coming</a>.
        </p>
      ) : (
        <p className={`lead ${troubled.length === 0 ? 'good' : 'warn'}`} role="status">
          {troubled.length === 0
            ? 'All models answer.'
            : `${troubled.map(({ name }) => name).join(', ')}: temporarily unavailable.`}
        </p>
      )}
      {nodes.length > 0 && (
        <table className="board windows">
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col">Now</th>
              <th scope="col" className="end">
                Last hour
              </th>
              <th scope="col" className="end">
                Last day
              </th>
              <th scope="col" className="end">
                Last 30 days
              </th>
            </tr>
          </thead>
          <tbody>
            {nodes.map(({ slug, name, status, statusChangedAt, performance }) => (
              <tr key={slug}>
                <th scope="row">
                  <a href={href(`/models/${slug}`)} dir="auto">
                    {name}
                  </a>
                  <span className="slug">{slug}</span>
                </th>
                <td>
                  <StatusTag status={status} />
                  <span className="recent">since {day(statusChangedAt)}</span>
                </td>
                <Cell window={performance.lastHour} label="hour" />
                <Cell window={performance.lastDay} label="day" />
                <Cell window={performance.last30Days} label="30 days" />
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="aside">
        Share of calls that succeeded, and the median and 95th percentile of their latency. Failures
        that the caller caused do not count. Calls are routed by the same numbers.
      </p>
    </Page>
  );
}

function Cell({ window, label }: { readonly window: Window; readonly label: string }) {
  const { availability, latencyMs } = window;
  const { p50, p95 } = latencyMs;
  return (
    <td className="end" data-label={label}>
      {availability === null ? <span className="unknown">no calls</span> : percent(availability)}
      {p50 !== null && p95 !== null && (
        <span className="recent">{`${duration(p50)} · ${duration(p95)}`}</span>
      )}
    </td>
  );
}
