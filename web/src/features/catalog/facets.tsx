import type { ReactNode } from 'react';
import { nameIn, STATUS_NAMES, TASK_NAMES } from '../../ui/names.js';
import { useHref } from '../../ui/site.js';
import { catalogAddress, type CatalogQuery, SIZES, STATUSES, toggled } from './query.js';

export interface FacetsProps {
  readonly query: CatalogQuery;
  readonly tasks: readonly { readonly task: string; readonly modelCount: number }[];
  readonly owners: readonly string[];
  readonly licenses: readonly string[];
}

/** Each value is a link to the catalog with it, or without it where it is chosen: no script, no button. */
export function Facets({ query, tasks, owners, licenses }: FacetsProps) {
  const values = (chosen: readonly string[], offered: readonly string[]) => [
    ...new Set([...offered, ...chosen]),
  ];
  return (
    <nav className="facets" aria-label="Filters">
      <Facet title="Status">
        {STATUSES.map((status) => (
          <Value
            key={status}
            to={{ ...query, statuses: toggled(query.statuses, status) }}
            isChosen={query.statuses.includes(status)}
            name={nameIn(STATUS_NAMES, status)}
          />
        ))}
      </Facet>
      <Facet title="Task">
        {tasks.map(({ task, modelCount }) => (
          <Value
            key={task}
            to={{ ...query, tasks: toggled(query.tasks, task) }}
            isChosen={query.tasks.includes(task)}
            name={nameIn(TASK_NAMES, task)}
            count={modelCount}
          />
        ))}
      </Facet>
      <Facet title="Parameters">
        {Object.entries(SIZES).map(([key, { name }]) => (
          <Value
            key={key}
            to={{ ...query, size: query.size === key ? undefined : key }}
            isChosen={query.size === key}
            name={name}
          />
        ))}
      </Facet>
      <Facet title="Owner">
        {values(query.owners, owners).map((owner) => (
          <Value
            key={owner}
            to={{ ...query, owners: toggled(query.owners, owner) }}
            isChosen={query.owners.includes(owner)}
            name={owner}
          />
        ))}
      </Facet>
      <Facet title="License">
        {values(query.licenses, licenses).map((license) => (
          <Value
            key={license}
            to={{ ...query, licenses: toggled(query.licenses, license) }}
            isChosen={query.licenses.includes(license)}
            name={license}
          />
        ))}
      </Facet>
      <Facet title="Price">
        <Value
          to={{ ...query, isPriced: !query.isPriced }}
          isChosen={query.isPriced}
          name="has a price"
        />
      </Facet>
    </nav>
  );
}

function Facet({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <details className="facet" open>
      <summary>{title}</summary>
      <ul>{children}</ul>
    </details>
  );
}

function Value(props: {
  readonly to: CatalogQuery;
  readonly isChosen: boolean;
  readonly name: string;
  readonly count?: number;
}) {
  const { to, isChosen, name, count } = props;
  const href = useHref();
  return (
    <li>
      <a
        href={href(catalogAddress({ ...to, after: undefined }))}
        rel="nofollow"
        aria-current={isChosen ? 'true' : undefined}
      >
        <span dir="auto">{name}</span>
        {count !== undefined && <span className="count">{count}</span>}
      </a>
    </li>
  );
}
