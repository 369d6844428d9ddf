/** A way to a server that passes bytes on, swallows them, or passes them on late. */

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Proxy {
  /** The server's URL, through the proxy. */
  readonly url: string;
  /** From now on no byte arrives on either side, and connections stay open. */
  swallow(): void;
  /** Passes on again what comes from now on, on new connections. */
  pass(): void;
  /** Calls back with what the side sends, before it is passed on; what it returns `false` for is swallowed, with all that follows on that connection. */
  filter(passes: (bytes: Buffer, from: "client" | "server") => boolean): void;
  /** Passes on to the server what was swallowed on connections that have ended meanwhile, and resolves when it has answered. */
  deliverLate(): Promise<void>;
  /** Ends all connections. */
  cut(): void;
  close(): Promise<void>;
}

export async function proxyTo(url: string): Promise<Proxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const late: (readonly [to: Socket, bytes: Buffer])[] = [];
  let passes: (bytes: Buffer, from: "client" | "server") => boolean = () => true;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const link = { isSilent: false };
    for (const [socket, other, from] of [
      [client, upstream, "client"],
      [upstream, client, "server"],
    ] as const) {
      sockets.add(socket);
      socket.on("data", (bytes) => {
        link.isSilent ||= !passes(bytes, from);
        if (!link.isSilent) other.write(bytes);
        else if (from === "client") late.push([other, bytes]);
      });
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        if (!link.isSilent) other.destroy();
      });
    }
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: String(through),
    swallow: () => (passes = () => false),
    pass: () => (passes = () => true),
    filter: (next) => (passes = next),
    deliverLate: async () => {
      for (const [to, bytes] of late.splice(0)) {
        const answered = once(to, "data");
        to.write(bytes);
        await answered;
      }
    },
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
