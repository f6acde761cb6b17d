import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface ProxyHooks {
  /** Told of what a client sends before it is passed on; false cuts the connection instead. */
  toServer?: (bytes: Buffer) => boolean | Promise<boolean>;
  /** Told of what the server answers before it is passed on; false cuts the connection instead. */
  toClient?: (bytes: Buffer) => boolean | Promise<boolean>;
}

export interface Proxy {
  readonly port: number;
  /** May be changed at any time. */
  hooks: ProxyHooks;
  /** Cuts every connection, silent ones too. @returns number of connections */
  cut(): number;
  /**
   * Makes every connection half-open: bytes are dropped, and neither end learns when the other one is gone. Connections
   * that are opened later work. @returns number of connections
   */
  silence(): number;
  close(): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 that can watch, delay and cut what passes. */
export async function startProxy(port: () => number): Promise<Proxy> {
  const links = new Set<{ isSilent: boolean; cut(): void }>();
  const server = createServer((client) => {
    const upstream = connect(port(), '127.0.0.1');
    const link = {
      isSilent: false,
      cut: () => {
        client.destroy();
        upstream.destroy();
        links.delete(link);
      },
    };
    links.add(link);
    const end = () => {
      if (!link.isSilent) link.cut();
    };
    const pass = (from: Socket, to: Socket, hook: keyof ProxyHooks) => {
      from.on('close', end);
      from.on('error', end);
      void (async () => {
        for await (const bytes of from) {
          if (link.isSilent) continue;
          if ((await proxy.hooks[hook]?.(bytes as Buffer)) === false) break;
          if (!to.writable) break;
          if (!to.write(bytes as Buffer)) await once(to, 'drain');
        }
        end();
      })().catch(end);
    };
    pass(client, upstream, 'toServer');
    pass(upstream, client, 'toClient');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    hooks: {},
    cut: () => {
      const all = [...links];
      for (const link of all) link.cut();
      return all.length;
    },
    silence: () => {
      for (const link of links) link.isSilent = true;
      return links.size;
    },
    close: async () => {
      proxy.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

/** The same database, by way of a proxy. */
export function through({ port }: Proxy, url: string): string {
  return Object.assign(new URL(url), { host: `127.0.0.1:${String(port)}` }).href;
}
