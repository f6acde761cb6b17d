import { escapeHtml } from '../platform/html.js';
import type { OutboxMail } from './outbox.js';

const STYLE = `
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 3rem auto; padding: 0 1rem; overflow-wrap: anywhere }
  h1 { font-size: 1.4rem }
  ul { list-style: none; padding: 0 }
  li { padding: .6rem 0; border-bottom: 1px solid #8886 }
  pre { font: inherit; white-space: pre-wrap }
  dt { font-weight: 600 }
  dd { margin: 0 0 .4rem }`;

/** The newest mails. @param more whether older ones are not shown */
export function listPage(mails: readonly OutboxMail[], more: boolean): string {
  const items = mails.map(
    ({ id, to, subject, writtenAt }) =>
      `<li><a href="/mails/${encodeURIComponent(id)}">${escapeHtml(subject)}</a><br>${escapeHtml(to)} · ${time(writtenAt)}</li>`,
  );
  const body =
    mails.length === 0
      ? '<p>No mail yet. Reload the page after signing up.</p>'
      : `<ul>${items.join('')}</ul>${more ? '<p>Older mails are in the outbox folder.</p>' : ''}`;
  return page(
    'Mails',
    `<p>Without <code>SMTP_URL</code>, mails are stored here instead of being sent.</p>${body}`,
  );
}

export function mailPage({ to, subject, text, writtenAt }: OutboxMail): string {
  return page(
    subject,
    `<p><a href="/">All mails</a></p><dl><dt>To</dt><dd>${escapeHtml(to)}</dd><dt>Sent</dt><dd>${time(writtenAt)}</dd></dl><pre>${withLinks(text)}</pre>`,
  );
}

export function notFoundPage(): string {
  return page('Mail not found', '<p><a href="/">All mails</a></p>');
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${STYLE}</style><h1>${escapeHtml(title)}</h1>${body}</html>`;
}

/** Addresses of web pages become links; all else stays text. */
function withLinks(text: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"]+)/)
    .map((part, index) =>
      index % 2 === 1 ? `<a href="${escapeHtml(part)}">${escapeHtml(part)}</a>` : escapeHtml(part),
    )
    .join('');
}

function time(at: Date): string {
  const iso = at.toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}
