import type { Execute } from '../../graphql/operation.js';
import { compareAddress, COMPARED_MAX } from '../../ui/addresses.js';
import { InlineMarkdown } from '../../ui/markdown.js';
import { Page } from '../../ui/page.js';
import { useHref } from '../../ui/site.js';
import { StatusTag } from '../../ui/status-tag.js';
import { load, PageError, type View } from '../../ui/view.js';
import { ComparePage, type ComparePageQuery } from './compare.operation.js';

type Comparison = NonNullable<ComparePageQuery['compareModels']>;

/** Compares the models of `?m=…&m=…`; with fewer than two it says how. */
export async function compareView(query: URLSearchParams, execute: Execute): Promise<View> {
  const slugs = [...new Set(query.getAll('m'))];
  const onlyDifferences = query.get('show') !== 'all';
  if (slugs.length < 2 || slugs.length > COMPARED_MAX) {
    const reason =
      slugs.length < 2
        ? undefined
        : `${String(slugs.length)} are too many: choose up to ${String(COMPARED_MAX)}.`;
    return { status: 200, page: <Choose reason={reason} /> };
  }
  try {
    const { compareModels: comparison } = await load(execute, ComparePage, { slugs });
    if (comparison === null)
      return { status: 404, page: <Choose reason="There is no such model." /> };
    return { status: 200, page: <Compare {...{ comparison, slugs, onlyDifferences }} /> };
  } catch (error) {
    if (!(error instanceof PageError) || error.status === 503) throw error;
    return { status: 404, page: <Choose reason={error.message} /> };
  }
}

function Choose({ reason }: { readonly reason: string | undefined }) {
  const href = useHref();
  return (
    <Page
      title="Compare models · gigarouter"
      description="Compare models side by side."
      canonical={undefined}
      section="/models"
    >
      <h1>Compare models</h1>
      {reason !== undefined && (
        <p className="note bad" role="alert">
          {reason}
        </p>
      )}
      <p className="lead">
        Choose two to {COMPARED_MAX} models in <a href={href('/models')}>the catalog</a>.
      </p>
    </Page>
  );
}

function Compare(props: {
  readonly comparison: Comparison;
  readonly slugs: readonly string[];
  readonly onlyDifferences: boolean;
}) {
  const { comparison, slugs, onlyDifferences } = props;
  const { models, rows } = comparison;
  const href = useHref();
  const shown = onlyDifferences ? rows.filter(({ isDifferent }) => isDifferent) : rows;
  const names = models.map(({ name }) => name).join(', ');
  const without = (slug: string) =>
    compareAddress(models.map((one) => one.slug).filter((one) => one !== slug));
  return (
    <Page
      title={`Compare ${String(models.length)} models · gigarouter`}
      description={`Side by side: ${names}.`}
      canonical={undefined}
      section="/models"
    >
      <h1>Compare models</h1>
      <p className="switch">
        {onlyDifferences ? 'Only what differs' : 'Everything'} ·{' '}
        <a href={href(compareAddress(slugs) + (onlyDifferences ? '&show=all' : ''))}>
          {onlyDifferences ? 'show everything' : 'show only what differs'}
        </a>
      </p>
      <div className="scroll" role="region" aria-label="Comparison" tabIndex={0}>
        <table className="compare">
          <thead>
            <tr>
              <td />
              {models.map(({ slug, name, status }) => (
                <th key={slug} scope="col">
                  <a href={href(`/models/${slug}`)} dir="auto">
                    {name}
                  </a>
                  <span className="slug">{slug}</span>
                  <StatusTag status={status} />
                  {models.length > 2 && (
                    <a className="remove" href={href(without(slug))} aria-label={`Remove ${name}`}>
                      remove
                    </a>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ label, values, isDifferent }) => (
              <tr key={label} className={isDifferent ? undefined : 'same'}>
                <th scope="row">{label}</th>
                {values.map((value, index) => (
                  <td key={index} dir="auto">
                    {value === null ? (
                      <span className="unknown">unknown</span>
                    ) : (
                      <InlineMarkdown text={value} />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Page>
  );
}
