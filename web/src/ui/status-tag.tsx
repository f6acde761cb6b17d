import { nameIn, STATUS_NAMES } from './names.js';

/** Colors say whether a model can be called. */
const TONES: Readonly<Record<string, string>> = {
  LIVE: 'good',
  DEGRADED: 'warn',
  DEPRECATED: 'warn',
  RETIRED: 'bad',
};

export function StatusTag({ status }: { readonly status: string }) {
  return <span className={`tag ${TONES[status] ?? 'plain'}`}>{nameIn(STATUS_NAMES, status)}</span>;
}
