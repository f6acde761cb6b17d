import { createHash } from 'node:crypto';
import { MAIL_PROVIDERS, type MailProvider } from './mail-providers.js';

const BY_DOMAIN: ReadonlyMap<string, MailProvider> = new Map(
  MAIL_PROVIDERS.flatMap((provider) => provider.domains.map((domain) => [domain, provider])),
);

/**
 * An address in its plainest form, to tell whether two are one person's: without case, tags and whatever else its
 * provider does not look at (`MAIL_PROVIDERS`). For comparing only; mail goes to the address as it was given.
 */
export function plainEmail(email: string): string {
  const [local = '', domain = ''] = email.normalize('NFKC').toLowerCase().trim().split('@');
  const [name, host] = ownerOf(local, asciiDomain(domain));
  const provider = BY_DOMAIN.get(host);
  const untagged = cutAt(cutAt(name, '+'), provider?.tagMark);
  return `${plainName(untagged, provider)}@${provider?.domains[0] ?? host}`;
}

/** Stands for a mailbox where it is kept without its address: SHA-256 of the plainest form, in hexadecimal. */
export function mailboxHash(email: string): string {
  return createHash('sha256').update(plainEmail(email)).digest('hex');
}

/** `anything@name.domain` is `name@domain` at providers that have it so. */
function ownerOf(local: string, host: string): readonly [name: string, host: string] {
  const [name = '', ...rest] = host.split('.');
  const parent = rest.join('.');
  return BY_DOMAIN.get(parent)?.subdomains === true ? [name, parent] : [local, host];
}

/** What stands before the first mark; a name that begins with it stays. */
function cutAt(name: string, mark: string | undefined): string {
  const at = mark === undefined ? -1 : name.indexOf(mark);
  return at > 0 ? name.slice(0, at) : name;
}

function plainName(name: string, { ignored = '', equal = '' }: Partial<MailProvider> = {}): string {
  return Array.from(name)
    .filter((character) => !ignored.includes(character))
    .map((character) => (equal.includes(character) ? (equal[0] ?? character) : character))
    .join('');
}

function asciiDomain(domain: string): string {
  try {
    return new URL(`http://${domain}`).hostname.replace(/\.$/, '');
  } catch {
    return domain;
  }
}
