import { AppError } from '../errors.js';
import type { ModelId, ProviderId } from '../platform/ids.js';
import { PRICE_NANOS_MAX, type PriceUnit } from './model.js';

export const PROVIDER_PROTOCOLS = {
  BUILT_IN: 'BUILT_IN',
  OPEN_INFERENCE: 'OPEN_INFERENCE',
} as const;
export type ProviderProtocol = keyof typeof PROVIDER_PROTOCOLS;

export const PROVIDER_HEALTHS = {
  UNKNOWN: 'UNKNOWN',
  READY: 'READY',
  UNREACHABLE: 'UNREACHABLE',
  WRONG_SCORES: 'WRONG_SCORES',
} as const;
export type ProviderHealth = keyof typeof PROVIDER_HEALTHS;

/** Nano-USD that a unit costs us. */
export type ProviderCosts = Readonly<Partial<Record<PriceUnit, bigint>>>;

/** Who runs a model. */
export interface Provider {
  readonly id: ProviderId;
  readonly modelId: ModelId;
  readonly name: string;
  readonly protocol: ProviderProtocol;
  /** `http://host:port`, without a slash at the end; null for the built-in predictor. */
  readonly url: string | null;
  /** Whether it is shown a bearer token, which nobody is shown. */
  readonly hasToken: boolean;
  readonly costs: ProviderCosts;
  /** 0–1000; of those that are well, the highest is asked first. */
  readonly priority: number;
  readonly enabled: boolean;
  readonly health: ProviderHealth;
  /** It gave the golden scores when it was last asked to: only then it gets calls. */
  readonly verified: boolean;
  readonly checkedAt: Date | null;
  /** Of its last check, in milliseconds. */
  readonly latencyMs: number | null;
  /** Checks that failed since one passed. */
  readonly failures: number;
  /** Why the last check failed. */
  readonly problem: string | null;
}

/** What is needed to ask a provider. Holds its token: never logged, never shown. */
export interface ProviderRoute extends Pick<
  Provider,
  'id' | 'modelId' | 'name' | 'protocol' | 'url' | 'health' | 'verified'
> {
  readonly token: string | null;
  /** What the graphs of its model are named by. */
  readonly servedAs: string;
  /** Of the row: it changes when the provider is edited. */
  readonly edition: number;
}

/** The built-in predictor as a provider beside others. */
export const BUILT_IN_NAME = 'local';

export interface NewProvider {
  readonly name: string;
  readonly protocol: ProviderProtocol;
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly costs?: ProviderCosts | undefined;
  readonly priority?: number | undefined;
  readonly enabled?: boolean | undefined;
}

/** What may be changed; undefined stays. */
export type ProviderEdit = Partial<Omit<NewProvider, 'protocol' | 'token'>> & {
  /** null: it is shown none any more. */
  readonly token?: string | null | undefined;
};

const NAME = /^[a-z0-9][a-z0-9-]{0,49}$/;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;
const URL_CHARS_MAX = 500;
const PRIORITY_MAX = 1_000;

/**
 * A provider's settings as they are kept: the URL without a slash at its end.
 * @throws AppError BAD_USER_INPUT that names the field at fault
 */
export function checkProvider<Settings extends ProviderEdit>(
  protocol: ProviderProtocol,
  settings: Settings,
): Settings {
  const { name, url, token, costs = {}, priority = 0 } = settings;
  if (name !== undefined && !NAME.test(name)) {
    throw bad('name', 'Provider names must have 1 to 50 lowercase letters, digits and hyphens.');
  }
  if (protocol === 'BUILT_IN' && (url !== undefined || typeof token === 'string')) {
    throw bad('url', 'The built-in predictor takes neither `url` nor `token`.');
  }
  if (typeof token === 'string' && !TOKEN.test(token)) {
    throw bad('token', '`token` must have 1 to 4,096 visible ASCII characters.');
  }
  if (!(priority >= 0 && priority <= PRIORITY_MAX)) {
    throw bad('priority', `\`priority\` must be between 0 and ${String(PRIORITY_MAX)}.`);
  }
  for (const nanos of Object.values(costs)) {
    if (nanos < 0n || nanos > PRICE_NANOS_MAX) {
      throw bad('costs', `Costs must be between 0 and ${String(PRICE_NANOS_MAX)} nano-USD.`);
    }
  }
  return url === undefined ? settings : { ...settings, url: checkUrl(url) };
}

/** Of operators' own choice: a provider may well be in a private network. */
function checkUrl(given: string): string {
  const url = given.length > URL_CHARS_MAX ? null : URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw bad(
      'url',
      `\`url\` must start with http:// or https:// and have at most ${String(URL_CHARS_MAX)} characters.`,
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw bad(
      'url',
      '`url` must not contain a user name, password, query or fragment. Send credentials as `token`.',
    );
  }
  return url.href.replace(/\/+$/, '');
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
