import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withMermaid } from 'vitepress-plugin-mermaid';

const DOCS = path.resolve(import.meta.dirname, '..');

/** Where the repository is published, e.g. `https://git.example.org/gigarouter/blob/main`: for links to its files. */
const SOURCE_URL = process.env.DOCS_SOURCE_URL;

/** A page as the sidebar names it: by its first heading. */
function page(file: string): { text: string; link: string } {
  const [, title] = /^# (.+)$/m.exec(readFileSync(path.join(DOCS, file), 'utf8')) ?? [];
  if (title === undefined) throw new Error(`docs/${file} has no heading.`);
  return { text: title.replaceAll('`', ''), link: `/${file.replace(/\.md$/, '')}` };
}

const group = (text: string, ...names: string[]) => ({
  text,
  items: names.map((name) => page(`${name}.md`)),
});

const decisions = readdirSync(path.join(DOCS, 'decisions'))
  .filter((file) => file.endsWith('.md'))
  .sort()
  .map((file) => page(`decisions/${file}`));

export default withMermaid({
  title: 'gigarouter',
  description:
    'A self-hostable model platform: catalog, prepaid credit and metered zero-shot image classification.',
  srcExclude: ['**/node_modules/**'],
  cleanUrls: true,
  ignoreDeadLinks: 'localhostLinks',
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      group('Use', 'guide', 'clients', 'live', 'webhooks'),
      group('Operate', 'operations', 'payments', 'catalog', 'scale', 'failures', 'security'),
      group('Compare', 'comparison', 'performance'),
      group('Understand', 'architecture', 'invariants', 'testing', 'glossary'),
      { text: 'Decisions', collapsed: true, items: decisions },
    ],
  },
  markdown: {
    config: (md) => {
      // Files of the repository outside docs/ are no pages.
      const open = md.renderer.rules.link_open;
      md.renderer.rules.link_open = (tokens, index, options, env, self) => {
        const token = tokens[index];
        const href = token?.attrGet('href') ?? '';
        const from = path.dirname(path.join(DOCS, (env as { relativePath: string }).relativePath));
        const target = path.resolve(from, href.split('#')[0] ?? '');
        if (token !== undefined && href.startsWith('../') && !target.startsWith(DOCS)) {
          const file = path.relative(path.dirname(DOCS), target);
          if (SOURCE_URL === undefined) token.attrs = [['title', file]];
          else token.attrSet('href', `${SOURCE_URL}/${file}`);
          return self.renderToken(tokens, index, options);
        }
        return (
          open?.(tokens, index, options, env, self) ?? self.renderToken(tokens, index, options)
        );
      };
    },
  },
});
