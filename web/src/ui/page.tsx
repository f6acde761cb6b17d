import type { ReactNode } from 'react';
import { useHref, useSite } from './site.js';

export interface PageProps {
  readonly title: string;
  readonly description: string;
  /** Canonical path; undefined for a page that search engines should leave out. */
  readonly canonical: string | undefined;
  /** JSON-LD about what the page shows. */
  readonly data?: object;
  /** Path of the entry in the navigation that the page belongs to. */
  readonly section?: Section;
  readonly children: ReactNode;
}

const SECTIONS = [
  ['/models', 'Models'],
  ['/demand', 'Demand'],
  ['/status', 'Status'],
] as const;
type Section = (typeof SECTIONS)[number][0];

/** A whole document: head, navigation, what it shows, and the foot. */
export function Page(props: PageProps) {
  const { title, description, canonical, data, section, children } = props;
  const href = useHref();
  const { url, stylesheet } = useSite();
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <meta name="description" content={description} />
        {canonical === undefined ? (
          <meta name="robots" content="noindex" />
        ) : (
          <link rel="canonical" href={url + canonical} />
        )}
        <meta property="og:site_name" content="gigarouter" />
        <meta property="og:type" content="website" />
        <meta property="og:title" content={title} />
        <meta property="og:description" content={description} />
        {canonical !== undefined && <meta property="og:url" content={url + canonical} />}
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href={href('/icon.svg')} type="image/svg+xml" />
        <link rel="stylesheet" href={href(stylesheet)} />
        {data !== undefined && (
          <script type="application/ld+json" dangerouslySetInnerHTML={{ __html: jsonLd(data) }} />
        )}
      </head>
      <body>
        <a className="skip" href="#main">
          Skip to content
        </a>
        <header className="top">
          <div className="frame">
            <a className="mark" href={href('/')}>
              gigarouter
            </a>
            <nav aria-label="Main">
              {SECTIONS.map(([path, name]) => (
                <a
                  key={path}
                  href={href(path)}
                  aria-current={section === path ? 'page' : undefined}
                >
                  {name}
                </a>
              ))}
              <a href={href('/docs')}>Docs</a>
            </nav>
          </div>
        </header>
        <main id="main" className="frame">
          {children}
        </main>
        <footer className="foot">
          <div className="frame">
            <nav aria-label="For programs">
              <a href={href('/graphql')}>GraphQL</a>
              <a href={href('/docs')}>REST</a>
              <a href={href('/openapi.json')}>OpenAPI</a>
              <a href={href('/llms.txt')}>llms.txt</a>
            </nav>
            <p>Prices in US dollars, charged to the nano-dollar.</p>
          </div>
        </footer>
      </body>
    </html>
  );
}

/** JSON that cannot end the element that it stands in. */
function jsonLd(data: object): string {
  return JSON.stringify({ '@context': 'https://schema.org', ...data }).replaceAll('<', '\\u003c');
}
