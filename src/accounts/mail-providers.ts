/** How a mail provider lets one mailbox have many addresses. */
export interface MailProvider {
  /** Domains of one mailbox: the same name at each of them is the same person. The first one stands for all. */
  readonly domains: readonly string[];
  /** What begins a tag that is not part of the name, besides `+`, which is cut off everywhere. */
  readonly tagMark?: '-';
  /** Characters of the name that the provider does not look at. */
  readonly ignored?: string;
  /** Characters that the provider takes for each other: each is read as the first. */
  readonly equal?: string;
  /** `anything@name.domain` is the mailbox `name@domain`. */
  readonly subdomains?: true;
  /** Where the provider says so, or shows it. */
  readonly sources: readonly [string, ...string[]];
}

/** Each alone: the names at these domains belong to different people. */
const each = (domains: readonly string[], rule: Omit<MailProvider, 'domains'>): MailProvider[] =>
  domains.map((domain) => ({ domains: [domain], ...rule }));

/**
 * Providers whose addresses differ in more than case and a `+` tag. Data only: `plainEmail` reads it. A provider that
 * allows tags with `+` and nothing else, as Outlook.com, needs no entry.
 */
export const MAIL_PROVIDERS: readonly MailProvider[] = [
  {
    domains: ['gmail.com', 'googlemail.com'],
    ignored: '.',
    // "Dots don't matter in Gmail addresses"; "Gmail and Googlemail".
    sources: ['https://support.google.com/mail/answer/7436150'],
  },
  {
    domains: ['icloud.com', 'me.com', 'mac.com'],
    // "About your @icloud.com, @me.com, and @mac.com email addresses".
    sources: ['https://support.apple.com/118230'],
  },
  {
    domains: ['proton.me', 'protonmail.com', 'protonmail.ch', 'pm.me'],
    // The provider's own client compares addresses without them (`removeEmailAlias`).
    ignored: '._-',
    sources: [
      'https://proton.me/support/addresses-and-aliases',
      'https://github.com/ProtonMail/WebClients',
    ],
  },
  ...each(
    [
      ...['yahoo.com', 'yahoo.co.uk', 'yahoo.fr', 'yahoo.de', 'yahoo.it', 'yahoo.es', 'yahoo.ca'],
      ...[
        'yahoo.com.br',
        'yahoo.com.ar',
        'yahoo.com.mx',
        'yahoo.com.au',
        'yahoo.co.in',
        'yahoo.in',
      ],
      ...[
        'yahoo.co.id',
        'yahoo.com.ph',
        'yahoo.com.sg',
        'yahoo.com.vn',
        'yahoo.com.tr',
        'yahoo.se',
      ],
      ...['yahoo.pl', 'yahoo.ro', 'yahoo.gr', 'yahoo.ie', 'yahoo.no', 'yahoo.dk', 'yahoo.be'],
      ...['ymail.com', 'rocketmail.com', 'myyahoo.com'],
    ],
    // "Disposable email addresses": a base name, which a mailbox has besides its own name, hyphen, keyword. All with the
    // same base name are one; the mailbox's own name stays another.
    { tagMark: '-', sources: ['https://help.yahoo.com/kb/SLN28338.html'] },
  ),
  {
    domains: [
      ...[
        'yandex.ru',
        'ya.ru',
        'yandex.com',
        'yandex.by',
        'yandex.kz',
        'yandex.ua',
        'yandex.com.tr',
        'narod.ru',
      ],
    ],
    // "Each mailbox on Yandex Mail has aliases in [its] domains"; "Yandex does not distinguish between a point and a hyphen".
    equal: '-.',
    sources: [
      'https://yandex.com/support/domain/additional/mailbox-alias.xml',
      'https://yandex.com/support/passport/authorization/registration.html',
    ],
  },
  ...each(
    [
      ...[
        'fastmail.com',
        'fastmail.fm',
        'fastmail.cn',
        'fastmail.de',
        'fastmail.es',
        'fastmail.im',
      ],
      ...[
        'fastmail.in',
        'fastmail.jp',
        'fastmail.mx',
        'fastmail.net',
        'fastmail.nl',
        'fastmail.org',
      ],
      ...['fastmail.se', 'fastmail.to', 'fastmail.tw', 'fastmail.uk', 'fastmail.us', 'sent.com'],
      ...['messagingengine.com', 'mailbolt.com', 'fastmail.co.uk', 'fastmail.com.au'],
    ],
    // "Plus addressing and subdomain addressing".
    {
      subdomains: true,
      sources: ['https://www.fastmail.help/hc/en-us/articles/360060591053'],
    },
  ),
  ...each(['anonaddy.com', 'anonaddy.me'], {
    // "alias@username.anonaddy.com": whatever is sent to the sub-domain is its owner's.
    subdomains: true,
    sources: ['https://addy.io/help/terminology/'],
  }),
];
