import { InlineMarkdown, Markdown } from '../../ui/markdown.js';
import { nameIn, STATUS_NAMES, TASK_NAMES } from '../../ui/names.js';
import { Page } from '../../ui/page.js';
import type { RequestState } from '../../ui/request-form.js';
import { useHref } from '../../ui/site.js';
import { modelData } from './model-data.js';
import { ModelFacts } from './model-facts.js';
import { NotYetLive } from './not-yet-live.js';
import { RelatedModels } from './related-models.js';
import { Calling } from './calling.js';
import type { ModelPageQuery } from './model.operation.js';

export type Model = NonNullable<ModelPageQuery['model']>;

export interface ModelPageProps {
  readonly model: Model;
  readonly request: RequestState;
}

/** Whether a model can be called. */
const CALLABLE = new Set<Model['status']>(['LIVE', 'DEGRADED', 'DEPRECATED']);

/** A model's page: what it is, what it is good for, and how to get it. */
export function ModelPage({ model, request }: ModelPageProps) {
  const { slug, name, summary, status, task, about, bestFor, faq, specs } = model;
  const href = useHref();
  return (
    <Page
      title={`${name} · gigarouter`}
      description={summary}
      canonical={`/models/${slug}`}
      data={modelData(model)}
      section="/models"
    >
      <article className="model">
        <header>
          <p className="crumbs">
            <a href={href('/models')}>models</a>
            <span aria-hidden="true"> / </span>
            <a href={href(`/models?task=${task}`)}>{nameIn(TASK_NAMES, task)}</a>
            <span className={`state ${status === 'LIVE' ? 'good' : 'plain'}`}>
              <span aria-hidden="true"> · </span>
              {nameIn(STATUS_NAMES, status)}
            </span>
          </p>
          <h1 dir="auto">{name}</h1>
          <p className="slug">
            <code>{slug}</code>
          </p>
          <ModelFacts model={model} />
        </header>

        {specs.length > 0 && (
          <section aria-labelledby="specs">
            <h2 id="specs">Specs</h2>
            <dl className="specs">
              {specs.map(({ label, value }) => (
                <div key={label}>
                  <dt>{label}</dt>
                  <dd dir="auto">
                    <InlineMarkdown text={value} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        {about !== null && about !== '' && (
          <section aria-labelledby="about">
            <h2 id="about">About</h2>
            <Markdown text={about} />
          </section>
        )}
        {bestFor.length > 0 && (
          <section aria-labelledby="best-for">
            <h2 id="best-for">Best for</h2>
            <ul className="best-for">
              {bestFor.map((use) => (
                <li key={use} dir="auto">
                  {use}
                </li>
              ))}
            </ul>
          </section>
        )}
        {faq.length > 0 && (
          <section aria-labelledby="faq">
            <h2 id="faq">Questions</h2>
            <div className="faq">
              {faq.map(({ question, answer }) => (
                <details key={question}>
                  <summary>{question}</summary>
                  <Markdown text={answer} />
                </details>
              ))}
            </div>
          </section>
        )}
        {CALLABLE.has(status) ? (
          <Calling model={model} />
        ) : (
          <NotYetLive model={model} request={request} />
        )}
        <RelatedModels model={model} />
      </article>
    </Page>
  );
}
