import { InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';

@InputType('SaveCardInput', { description: 'Input for `saveCard`.' })
export class SaveCardInput extends AccountInput {}

@InputType('DisableAutoTopUpInput', { description: 'Input for `disableAutoTopUp`.' })
export class DisableAutoTopUpInput extends AccountInput {}
