import { createContext, useContext } from 'react';

/** Where the pages are. */
export interface Site {
  /** Address of the server as visitors reach it, without a slash at the end. */
  readonly url: string;
  /** Path of the stylesheet, from `url` on. */
  readonly stylesheet: string;
}

const SiteContext = createContext<Site>({ url: '', stylesheet: '' });
export const SiteProvider = SiteContext.Provider;

export function useSite(): Site {
  return useContext(SiteContext);
}

/** Addresses of this site: in links without the host, elsewhere with it. */
export function useHref(): (path: string) => string {
  const { url } = useSite();
  const base = new URL(url).pathname.replace(/\/$/, '');
  return (path) => base + path;
}
