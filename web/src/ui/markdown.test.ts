import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { InlineMarkdown, Markdown } from './markdown.js';

const shown = (text: string) => renderToStaticMarkup(createElement(Markdown, { text }));

test('what is marked', () => {
  expect(shown('# A\n\n- *b* `c`\n\n> d')).toBe(
    '<div class="prose"><h3>A</h3><ul><li><em>b</em> <code>c</code></li></ul><blockquote><p>d</p></blockquote></div>',
  );
});

test.each([
  '[a](javascript:alert(1))',
  '[a](JaVaScRiPt:alert(1))',
  '[a](java&#9;script:alert(1))',
  '[a](data:text/html,x)',
  '[a](/models)',
  '[a](//evil.example)',
  '<javascript:alert(1)>',
  '![a](https://evil.example/x.png)',
  '<a href="javascript:alert(1)">a</a>',
])('%s is no link and no image', (text) => {
  expect(shown(text)).not.toMatch(/<a|<img/);
});

test.each([
  ['quotes', '>'.repeat(20_000)],
  ['fewer quotes', `${'>'.repeat(1_000)}a`],
  ['lists', `${'- * '.repeat(5_000)}a`],
  ['fewer lists', `${'- '.repeat(400)}a`],
  ['emphasis', `${'*a '.repeat(2_000)}${'b* '.repeat(2_000)}`],
])('%s in one another are shown as they are', (_name, text) => {
  expect(shown(text)).toMatch(/^<div class="prose"><p>[^<]+<\/p><\/div>$/);
  const inline = renderToStaticMarkup(createElement(InlineMarkdown, { text }));
  expect(inline).not.toContain('<');
});
