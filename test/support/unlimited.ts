/** Settings of a server that tests call from one address: a fast machine sends more than any limit in a minute. */
export const UNLIMITED = { ANONYMOUS_PER_MINUTE: '0', CONNECTIONS_PER_ADDRESS: '0' } as const;
