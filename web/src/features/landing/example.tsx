import { whole } from '../../format/number.js';
import { Money } from '../../ui/money.js';
import type { LandingPageQuery } from './landing.operation.js';

type Model = NonNullable<LandingPageQuery['live']>['nodes'][number];

const LABELS = ['red circle', 'green heart', 'cat'];

/** A call and what it is charged, at the prices of now. */
export function Example({ model, url }: { readonly model: Model; readonly url: string }) {
  const priceOf = (unit: string) =>
    BigInt(model.prices.find((price) => price.unit === unit)?.nanosPerUnit ?? '0');
  const lines = [
    { name: 'image', count: 1n, price: priceOf('IMAGE') },
    { name: 'labels', count: BigInt(LABELS.length), price: priceOf('LABEL_TEXT') },
  ].filter(({ price }) => price > 0n);
  const sum = lines.reduce((total, { count, price }) => total + count * price, 0n);
  return (
    <section className="example" aria-labelledby="example">
      <div>
        <h2 id="example">A call</h2>
        <pre tabIndex={0}>
          <code>{callOf(model.slug, url)}</code>
        </pre>
      </div>
      <div>
        <h2>What it is charged</h2>
        <dl className="facts">
          {lines.map(({ name, count, price }) => (
            <div key={name}>
              <dt>
                {`${whole(Number(count))} ${name} × `}
                <Money nanos={String(price)} as="exact" />
              </dt>
              <dd>
                <Money nanos={String(count * price)} as="exact" />
              </dd>
            </div>
          ))}
          <div className="sum">
            <dt>Charged</dt>
            <dd>
              <Money nanos={String(sum)} as="exact" />
            </dd>
          </div>
          <div>
            <dt>The same call again within a day</dt>
            <dd>
              <Money nanos="0" as="exact" /> <span className="why">cached</span>
            </dd>
          </div>
        </dl>
        <p className="aside">
          At the prices of {model.name} now. Each line is an entry of your ledger.
        </p>
      </div>
    </section>
  );
}

function callOf(slug: string, url: string): string {
  const body = `{"inputs":"'$(base64 < picture.png | tr -d '\\n')'",
       "parameters":{"candidate_labels":${JSON.stringify(LABELS)}}}`;
  return `curl ${url}/models/${slug} \\
  -H "authorization: Bearer $KEY" \\
  -H 'content-type: application/json' \\
  -d '${body}'`;
}
