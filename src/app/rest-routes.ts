import type { Config } from '../config/config.js';
import { CALL_BYTES_MAX } from '../inference/index.js';
import { VERSION } from '../platform/version.js';
import { registerDocs } from '../rest/docs.routes.js';
import { registerIdentityRoutes } from '../rest/identity.routes.js';
import { registerMailLinkRoutes } from '../rest/mail-link.routes.js';
import { registerPaymentsRoutes } from '../rest/payments.routes.js';
import { registerRoutes } from '../rest/register-routes.js';
import { createRoutes } from '../rest/routes.js';
import type { Background } from './background.js';
import type { Services } from './services.js';
import type { WebServer } from './web-server.js';

/** Every route that is not GraphQL's. */
export async function registerRest(
  { server, origins, authenticate }: WebServer,
  parts: { config: Config; services: Services; background: Background },
): Promise<void> {
  const { config, services, background } = parts;
  const { publicUrl } = config;
  const routes = createRoutes(services);
  await registerRoutes(server, routes, { authenticate, bodyBytesMax: CALL_BYTES_MAX });
  await registerDocs(server, routes, {
    pathPrefix: new URL(publicUrl).pathname,
    version: VERSION,
  });
  await registerMailLinkRoutes(server, { ...services, links: services.mailLinks, publicUrl });
  registerIdentityRoutes(server, { ...services, publicUrl, origins });
  await registerPaymentsRoutes(server, {
    payments: services.payments,
    events: services.stripeEvents,
    onEvent: () => {
      background.soon('events of Stripe');
    },
  });
}
