import { lexer, type Token, type Tokens } from 'marked';
import { Fragment, type ReactNode } from 'react';

/** Texts of models come from the Hub and from operators. The time of the parser grows with the square of some: long ones are cut. */
const LENGTH_MAX = 20_000;
/** Of objects and lists in one another, as the parser makes them: some 30 lists, or 50 quotes. */
const DEPTH_MAX = 100;

/**
 * Markdown as React elements. HTML in it is shown as text, images are left out (a page loads nothing from elsewhere), and
 * links lead to http, https and mail addresses only.
 * @param level of its largest headings on the page
 */
export function Markdown({ text, level = 3 }: { readonly text: string; readonly level?: number }) {
  return <div className="prose">{blocks(parsed(text), level)}</div>;
}

/** The same for one line of text, without a paragraph. */
export function InlineMarkdown({ text }: { readonly text: string }) {
  return <>{inline(parsed(text).flatMap(inlineOf))}</>;
}

/** A text that is nested too deeply, for the parser or for the page, is one paragraph as it is. */
function parsed(text: string): readonly Token[] {
  const cut = text.slice(0, LENGTH_MAX);
  const plain = [{ type: 'html', raw: cut, text: cut, pre: false, block: true } as const];
  try {
    const tokens = lexer(cut);
    return isShallow(tokens, DEPTH_MAX) ? tokens : plain;
  } catch (error) {
    if (error instanceof RangeError) return plain;
    throw error;
  }
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

function inlineOf(token: Token): Token[] {
  return 'tokens' in token ? (token.tokens ?? [token]) : [token];
}

function blocks(tokens: readonly Token[], level: number): ReactNode {
  return tokens.map((token, index) => <Fragment key={index}>{block(token, level)}</Fragment>);
}

function block(token: Token, level: number): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading':
      return heading(token as Tokens.Heading, level);
    case 'code':
      return (
        <pre tabIndex={0}>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case 'blockquote':
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens, level)}</blockquote>;
    case 'list':
      return list(token as Tokens.List, level);
    case 'table':
      return table(token as Tokens.Table);
    case 'hr':
      return <hr />;
    case 'text':
      return inline(inlineOf(token));
    default:
      return <p>{inline(inlineOf(token))}</p>;
  }
}

function heading({ depth, tokens }: Tokens.Heading, level: number): ReactNode {
  // A text begins with a heading of any depth; on the page no level may be left out.
  const Tag = depth <= 2 ? (`h${String(level)}` as 'h3') : (`h${String(level + 1)}` as 'h4');
  return <Tag>{inline(tokens)}</Tag>;
}

function list({ ordered, start, items }: Tokens.List, level: number): ReactNode {
  const children = items.map((item, index) => <li key={index}>{blocks(item.tokens, level)}</li>);
  if (!ordered) return <ul>{children}</ul>;
  return <ol start={start === '' ? undefined : start}>{children}</ol>;
}

function table({ header, rows }: Tokens.Table): ReactNode {
  return (
    <table>
      <thead>
        <tr>
          {header.map(({ tokens }, index) => (
            <th key={index}>{inline(tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells, row) => (
          <tr key={row}>
            {cells.map(({ tokens }, index) => (
              <td key={index}>{inline(tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function inline(tokens: readonly Token[]): ReactNode {
  return tokens.map((token, index) => <Fragment key={index}>{span(token)}</Fragment>);
}

function span(token: Token): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong>{inline(inlineOf(token))}</strong>;
    case 'em':
      return <em>{inline(inlineOf(token))}</em>;
    case 'del':
      return <del>{inline(inlineOf(token))}</del>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return link(token as Tokens.Link);
    case 'image':
      return (token as Tokens.Image).text;
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'text':
      return text(token as Tokens.Text);
    default:
      return token.raw;
  }
}

function text({ tokens, text: plain }: Tokens.Text): ReactNode {
  return tokens === undefined ? plain : inline(tokens);
}

function link({ href, tokens }: Tokens.Link): ReactNode {
  if (!/^(?:https?:|mailto:)/i.test(href)) return inline(tokens);
  return (
    <a href={href} rel="nofollow noopener">
      {inline(tokens)}
    </a>
  );
}
