export type { Fault } from './faults.js';
export {
  startStripeSimulator,
  type StripeSimulator,
  type StripeSimulatorOptions,
} from './simulator.js';
export type { SimulatorStore } from './store.js';
export { StripeSimulatorError } from './stripe-error.js';
export { signatureOf } from './webhooks.js';
