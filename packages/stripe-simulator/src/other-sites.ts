import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { StripeSimulatorError } from './stripe-error.js';

/**
 * Keeps web pages of other sites out: one whose name is made to resolve to this machine (DNS rebinding), by `Host`, and
 * one that posts a form here, by `Origin`.
 * @param host the address that the double listens on
 */
export function refuseOtherSites(app: FastifyInstance, host: string): void {
  app.addHook('onRequest', (request, _reply, next) => {
    const { origin } = request.headers;
    const isOwnName =
      [host, 'localhost'].includes(request.hostname) || !isPublicName(request.hostname);
    if (!isOwnName) next(refused(`${request.hostname} is not a name of this machine.`));
    else if (origin !== undefined && origin !== `${request.protocol}://${request.host}`)
      next(refused(`Pages of ${origin} may not call the double.`));
    else next();
  });
}

/** What the DNS of the internet can point here: not an address, and not a name without a dot, as a container's. */
function isPublicName(name: string): boolean {
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) === 0 && name.includes('.');
}

function refused(message: string): StripeSimulatorError {
  return new StripeSimulatorError(403, { type: 'invalid_request_error', message });
}
