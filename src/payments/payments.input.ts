import { InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';

@InputType('OpenBillingPortalInput', { description: 'Input for `openBillingPortal`.' })
export class OpenBillingPortalInput extends AccountInput {}
