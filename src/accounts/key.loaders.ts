import DataLoader from 'dataloader';
import type { KeyId } from '../platform/ids.js';
import { perContext } from '../platform/per-context.js';
import type { ApiKey } from './api-key.js';
import type { KeyCap } from './key-cap.js';
import type { KeysService } from './keys.service.js';

/** API keys that fields of one request link to, in one statement. */
export interface KeyLoaders {
  /** Revoked or not. The caller has to know that the key belongs to an account that may be read. */
  readonly key: DataLoader<KeyId, ApiKey | undefined>;
  /** undefined: it has none. */
  readonly cap: DataLoader<KeyId, KeyCap | undefined>;
}

/** For each request its own; made once, so that fields of several domains share them. */
export function createKeyLoaders(
  keys: Pick<KeysService, 'findMany' | 'caps'>,
): (context: object) => KeyLoaders {
  // Nothing is kept: a mutation later in the same request may have changed it.
  const options = { cache: false };
  return perContext(() => ({
    key: new DataLoader(async (ids) => {
      const found = await keys.findMany([...new Set(ids)]);
      return ids.map((id) => found.get(id));
    }, options),
    cap: new DataLoader(async (ids) => {
      const found = await keys.caps([...new Set(ids)]);
      return ids.map((id) => found.get(id));
    }, options),
  }));
}
