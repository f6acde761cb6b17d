import { duration, percent } from '../../format/number.js';
import { Money } from '../../ui/money.js';
import { nameIn, UNIT_NAMES } from '../../ui/names.js';
import type { Model } from './model-page.js';

const IMAGES = 1_000n;

/** What a call costs, how fast and reliable calls were, and code to copy. */
export function Calling({ model }: { readonly model: Model }) {
  const { prices, snippets } = model;
  const perImage = prices.find(({ unit }) => unit === 'IMAGE')?.nanosPerUnit;
  const { availability, latencyMs } = model.performance.lastDay;
  const unknown = 'no calls yet';
  return (
    <section aria-labelledby="ask" className="calling">
      <h2 id="ask">Call it</h2>
      <div className="ledger">
        <dl className="facts">
          {prices.map(({ unit, nanosPerUnit }) => (
            <div key={unit}>
              <dt>{`Price per ${nameIn(UNIT_NAMES, unit)}`}</dt>
              <dd>
                <Money nanos={nanosPerUnit} as="exact" />
              </dd>
            </div>
          ))}
          {perImage !== undefined && (
            <div className="sum">
              <dt>1,000 images</dt>
              <dd>
                <Money nanos={String(BigInt(perImage) * IMAGES)} as="cost" />
              </dd>
            </div>
          )}
          {prices.length === 0 && (
            <div>
              <dt>Price</dt>
              <dd>no price set</dd>
            </div>
          )}
        </dl>
        <dl className="facts">
          <div>
            <dt>Median latency, last day</dt>
            <dd>{latencyMs.p50 === null ? unknown : duration(latencyMs.p50)}</dd>
          </div>
          <div>
            <dt>95th percentile</dt>
            <dd>{latencyMs.p95 === null ? unknown : duration(latencyMs.p95)}</dd>
          </div>
          <div>
            <dt>Calls that succeeded</dt>
            <dd>{availability === null ? unknown : percent(availability)}</dd>
          </div>
        </dl>
      </div>
      {snippets.map(({ title, language, code }) => (
        <figure key={title} className="snippet">
          <figcaption>
            {title}
            {title.toLowerCase() !== language && <span> {language}</span>}
          </figcaption>
          <pre tabIndex={0}>
            <code>{code}</code>
          </pre>
        </figure>
      ))}
    </section>
  );
}
