import type { Background } from './background.js';
import type { Connections } from '../graphql/connections.js';
import { ACCOUNT_CHANGED } from '../platform/announcer.js';
import type { KeyId, ModelId } from '../platform/ids.js';
import { listen, type Listener } from '../platform/listener.js';
import { WANTED_CHANNEL } from '../operations/index.js';
import type { Services } from './services.js';

/** What this server does when PostgreSQL announces that something has changed, here or on another server. */
export function subscribeToNotifications(
  databaseUrl: string,
  parts: { services: Services; connections: Connections; background: Background },
): Listener {
  const { services, connections, background } = parts;
  const { keys, live } = services;
  return listen(databaseUrl, {
    api_key_changed: {
      onMessage: (keyId) => {
        keys.forget(keyId as KeyId);
        connections.rightsChanged(keyId);
      },
      onGap: () => {
        keys.forget();
      },
    },
    rights_changed: {
      onMessage: (id) => {
        connections.rightsChanged(id);
      },
      onGap: () => {
        connections.rightsChanged(undefined);
      },
    },
    [ACCOUNT_CHANGED]: {
      onMessage: (payload) => {
        live.accountsChanged(payload);
      },
      onGap: () => {
        live.anythingChanged();
      },
    },
    model_status_changed: {
      onMessage: (id) => {
        live.modelChanged(id as ModelId);
      },
      onGap: () => {
        live.modelChanged(undefined);
      },
    },
    [WANTED_CHANNEL]: {
      onMessage: (name) => {
        background.wanted(name);
      },
      // What was wanted meanwhile comes by its own time.
      onGap: () => undefined,
    },
  });
}
