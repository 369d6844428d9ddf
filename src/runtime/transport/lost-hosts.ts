/** Why hosts are gone. A system that lives long may lose any number of hosts, so only the last reasons are kept. */

import type { HostId } from "../../actors/address.ts";
import { TroupeError } from "../../errors/troupe-error.ts";

const maxReasons = 100;

/** Remembers why a host is gone. Whether it is gone, the routes know by its link. */
export class LostHosts {
  readonly #reasons = new Map<HostId, unknown>();

  add(host: HostId, error: unknown): void {
    // a stack that was never read keeps the frames that it is made of, and with them the thread
    if (error instanceof Error) void error.stack;
    this.#reasons.set(host, error);
    if (this.#reasons.size <= maxReasons) return;
    for (const oldest of this.#reasons.keys()) {
      this.#reasons.delete(oldest);
      return;
    }
  }

  /** The error that a host ended with; a general one for a host that has been gone for long, or was before this one began. */
  reason(host: HostId): unknown {
    return (
      this.#reasons.get(host) ?? new TroupeError("thread-died", `thread ${host} is gone`, { details: { thread: host } })
    );
  }
}
