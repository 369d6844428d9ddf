/** What commands reach outside of the terminal, as far as a test gives it. */

import type { CommandPorts } from "../../src/cli/command/command.ts";

export function fakePorts(ports: Partial<CommandPorts> = {}): CommandPorts {
  return {
    start: () => Promise.reject(new Error("this test starts no system")),
    openJournal: () => Promise.reject(new Error("this test opens no journal")),
    verifyJournal: () => Promise.reject(new Error("this test verifies no journal")),
    ...ports,
  };
}
