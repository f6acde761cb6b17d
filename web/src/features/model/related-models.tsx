import { compareAddress, COMPARED_MAX } from '../../ui/addresses.js';
import { useHref } from '../../ui/site.js';
import { StatusTag } from '../../ui/status-tag.js';
import type { Model } from './model-page.js';

export function RelatedModels({ model }: { readonly model: Model }) {
  const href = useHref();
  const { relatedModels: related } = model;
  if (related.length === 0) return null;
  const compared = [model, ...related].slice(0, COMPARED_MAX).map(({ slug }) => slug);
  return (
    <section aria-labelledby="related" className="related">
      <div className="heading">
        <h2 id="related">Related models</h2>
        <a href={href(compareAddress(compared))}>compare all →</a>
      </div>
      <ul className="cards">
        {related.map(({ slug, name, status, summary }) => (
          <li key={slug}>
            <h3 dir="auto">
              <a href={href(`/models/${slug}`)}>{name}</a>
            </h3>
            <p className="slug">{slug}</p>
            <p className="summary" dir="auto">
              {summary}
            </p>
            <StatusTag status={status} />
          </li>
        ))}
      </ul>
    </section>
  );
}
