import { AppError } from '../errors.js';
import type { Tier } from '../inference/index.js';

/** What `X-Tier` asks for: undefined without it, and for `interactive`. @throws AppError BAD_USER_INPUT */
export function tierOf(header: string | undefined): Tier | undefined {
  if (header === undefined || header === 'interactive') return undefined;
  if (header === 'batch') return 'batch';
  throw new AppError('BAD_USER_INPUT', 'X-Tier must be "interactive" or "batch".', {
    details: { argument: 'X-Tier' },
  });
}
