/** The input of a run that waits for its turn. */

import { checkContract } from "../../contracts/contract.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { HomeHost } from "../host/home-host.ts";

/**
 * A run that waits keeps a copy of its input: its caller may change the original meanwhile.
 *
 * @throws TroupeError `contract-violated`, `not-cloneable`
 */
export function copyOfInput(
  { host, outside }: Pick<HomeHost, "host" | "outside">,
  { name: agent, version, input: schema }: WorkflowDefinition,
  input: unknown,
): unknown {
  checkContract(schema, input, { agent, version, direction: "input", side: "sender" });
  const plain = host.copier.copy(input, `the input of a run of ${agent}`);
  return host.copier.hasTransferred ? host.revive(plain, outside) : plain;
}
