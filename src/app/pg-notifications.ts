import type { Background } from './background.js';
import type { Connections } from '../graphql/connections.js';
import { ACCOUNT_CHANGED } from '../platform/announcer.js';
import type { KeyId, ModelId } from '../platform/ids.js';
import { type Channel, listen, type Listener } from '../platform/listener.js';
import type { Logger } from '../platform/logger.js';
import { WANTED_CHANNEL } from '../operations/index.js';
import type { Services } from './services.js';

/** What this server does when PostgreSQL announces that something has changed, here or on another server. */
export function subscribeToNotifications(
  databaseUrl: string,
  parts: { services: Services; connections: Connections; background: Background; logger: Logger },
): Listener {
  const { services, connections, background, logger } = parts;
  const { keyAuthenticator, live } = services;
  const channels: Record<string, Channel> = {
    api_key_changed: {
      onMessage: (keyId) => {
        keyAuthenticator.forget(keyId as KeyId);
        connections.rightsChanged(keyId);
      },
      onGap: () => {
        keyAuthenticator.forget();
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
  };
  const onPooler = () => {
    logger.warn(
      {},
      'a connection pooler is in front of PostgreSQL: set DATABASE_DIRECT_URL, or revoked keys and changes made on other servers are noticed late',
    );
  };
  return listen(databaseUrl, channels, { onPooler });
}
