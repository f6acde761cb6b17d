import type { FastifyRequest } from 'fastify';

/** Value of CORS_ORIGINS. */
export interface AllowedOrigins {
  /** Serialized origins whose pages may use cookies as well as bearer tokens. */
  readonly named: ReadonlySet<string>;
  /** `*`: pages of every other origin may call too, without cookies. */
  readonly any: boolean;
}

/**
 * Explains why an entry of CORS_ORIGINS cannot work, with what to write instead; undefined for a valid entry. Browsers
 * send origins in one form only, so an entry in any other form would never match.
 */
export function originFault(entry: string): string | undefined {
  if (entry === '*') return undefined;
  if (entry === 'null') {
    return '"null" is sent by sandboxed frames and local files of any site, so it cannot be allowed. Serve the page from an origin';
  }
  if (entry.includes('*')) {
    return `"${entry}" has a wildcard. Name each origin, or write * alone to allow every origin without cookies`;
  }
  const url = parseOrigin(entry);
  if (url === undefined) {
    return `"${entry}" is not an origin. Write scheme, host and port, such as https://console.example.org`;
  }
  return url.origin === entry ? undefined : `"${entry}" is not an origin. Write ${url.origin}`;
}

/** Reads an entry as an HTTP URL; https where it has no scheme. */
function parseOrigin(entry: string): URL | undefined {
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(entry) ? entry : `https://${entry}`;
  return /^https?:\/\/[^/]/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

/** Methods that change nothing here (RFC 9110, 9.2.1). A link or an image of any page can cause a GET without `Origin`. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A cookie of the identity library: a session, or a step towards one. */
const OWN_COOKIE = /(?:^|;)\s*(?:__(?:Secure|Host)-)?gigarouter\./;

/** Decides which pages may call the server from a browser: the list of CORS_ORIGINS, and the server's own pages. */
export class Origins {
  private readonly own: string;

  constructor(
    private readonly allowed: AllowedOrigins,
    publicUrl: string,
  ) {
    this.own = new URL(publicUrl).origin;
  }

  /** Whether CORS_ORIGINS allows any other origin. */
  get hasOthers(): boolean {
    return this.allowed.any || this.allowed.named.size > 0;
  }

  /** Value of `Access-Control-Allow-Origin`; undefined when the page may not read the answer. */
  readableBy(origin: string | undefined): string | undefined {
    if (origin !== undefined && this.allowed.named.has(origin)) return origin;
    return this.allowed.any ? '*' : undefined;
  }

  /** Whether pages of the origin may send cookies; never by way of `*`. */
  mayUseCookies(origin: string | undefined): boolean {
    return origin !== undefined && this.allowed.named.has(origin);
  }

  /**
   * Whether the request may act with the cookies that it carries. Browsers add cookies whoever wrote the page, and
   * `SameSite` does not separate origins of one site, such as two ports of a host. They name the origin in every request
   * that may change something, forms included; only a program leaves it out, and sends a bearer token instead.
   */
  trusts(request: FastifyRequest): boolean {
    const { origin, cookie, authorization } = request.headers;
    if (cookie === undefined) return true;
    // A bearer token takes precedence over cookies, and no other page can know it.
    if (authorization !== undefined && /^Bearer\s/i.test(authorization)) return true;
    if (this.isOwn(request) || this.mayUseCookies(origin)) return true;
    // Cookies of a load balancer, or of another server on this host, prove nothing to us.
    return origin === undefined && (SAFE_METHODS.has(request.method) || !OWN_COOKIE.test(cookie));
  }

  /** Whether the page that sent the request was served by this server. */
  isOwn({ headers, protocol, host }: FastifyRequest): boolean {
    const { origin } = headers;
    // The host is the address that the page used: another site cannot choose it and still get our cookies.
    return (
      origin === this.own ||
      origin === `${protocol}://${host}` ||
      // Set by the browser, never by a script; tells where a proxy changes the host.
      headers['sec-fetch-site'] === 'same-origin'
    );
  }
}
