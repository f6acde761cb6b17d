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
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 that can watch, delay and cut what passes. */
export async function startProxy(port: () => number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port(), '127.0.0.1');
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    const pass = (from: Socket, to: Socket, hook: keyof ProxyHooks) => {
      sockets.add(from);
      from.on('close', () => {
        sockets.delete(from);
        cut();
      });
      from.on('error', cut);
      void (async () => {
        for await (const bytes of from) {
          if ((await proxy.hooks[hook]?.(bytes as Buffer)) === false) break;
          if (!to.writable) break;
          if (!to.write(bytes as Buffer)) await once(to, 'drain');
        }
        cut();
      })().catch(cut);
    };
    pass(client, upstream, 'toServer');
    pass(upstream, client, 'toClient');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    hooks: {},
    cut: () => {
      for (const socket of sockets) socket.destroy();
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
