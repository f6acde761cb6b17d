import { KeyAuthenticator, KeysService } from '../../src/accounts/index.js';
import type { Database } from '../../src/platform/database.js';

/** Keys on a database alone, for tests that start no server. */
export function keysOn(db: Database): KeysService {
  return new KeysService({
    db,
    authenticator: new KeyAuthenticator(db),
    catalog: { findSlugs: (slugs) => Promise.resolve(new Map(slugs.map((slug) => [slug, slug]))) },
    keysPerAccount: 1_000,
  });
}
