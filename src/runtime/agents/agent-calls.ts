/** Calls of agents, as one host makes them: finds the agent, which is started when it is first called, and asks it. */

import type { Address } from "../../actors/address.ts";
import type { CallableAgent } from "../../actors/callable-agent.ts";
import type { CallStream } from "../../actors/call-stream.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { CallNames } from "../../agents/call-names.ts";
import { StreamedCall } from "../../agents/streamed-call.ts";
import { Cancellation } from "../../async/cancellation.ts";
import { PayloadCodec } from "../../contracts/payload-codec.ts";
import { AskError, isAskError } from "../../errors/ask-error.ts";
import { decodeError } from "../../errors/error-codec.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { CallPort, CallTerms } from "../cell/call-port.ts";
import { definitionId, type DefinitionLoader } from "../definitions/definition-loader.ts";
import { type AgentMessage, agentTarget } from "../messaging/definition-target.ts";
import type { HostAskOptions, Messenger } from "../messaging/messenger.ts";
import type { PartsListener } from "../messaging/pending-asks.ts";
import { ownKey } from "../../store/versions/idempotency-key.ts";
import { type DeployRequest, type SpawnOutcome, systemTarget } from "../messaging/system-protocol.ts";
import type { Sender, Target } from "../messaging/target.ts";

export interface AgentCallsHost {
  readonly clock: Clock;
  readonly random: Pick<Random, "id">;
  readonly messenger: Messenger;
  readonly settings: { readonly maxMessageBytes: number };
  readonly system: object;
  /** Turns the plain forms of refs in a value that this host owns back into refs bound to `sender`. */
  revive(value: unknown, sender: Sender): unknown;
}

/** How often a call is sent, if the agent is gone each time before it got the call. */
const maxSends = 3;

export class AgentCalls implements CallPort {
  readonly #host: AgentCallsHost;
  readonly #load: DefinitionLoader;
  readonly #codec: PayloadCodec;
  /** Where the agents are that were called from here. */
  readonly #targets = new WeakMap<CallableAgent, Target>();

  constructor(host: AgentCallsHost, load: DefinitionLoader) {
    this.#host = host;
    this.#load = load;
    this.#codec = new PayloadCodec({ maxBytes: host.settings.maxMessageBytes, system: host.system });
  }

  /** @throws AskError (as a rejection) see `ActorContext.call`. */
  call(sender: Sender, agent: CallableAgent, input: unknown, terms: CallTerms): Promise<unknown> {
    return this.#make(sender, agent, input, terms);
  }

  stream(sender: Sender, agent: CallableAgent, input: unknown, terms: CallTerms): CallStream {
    const host = this.#host;
    const leaving = new Cancellation();
    const stream = new StreamedCall({
      left: () =>
        leaving.abort(
          new AskError("cancelled", "cancelled", `the parts of the call of ${agent.name} are read no further`),
        ),
      decode: (value) => this.#codec.decode(value, (plain) => host.revive(plain, sender)),
    });
    const listener: PartsListener = {
      leaving,
      take: (parts, token, passed) => {
        sender.observe(token);
        stream.take(parts, passed);
      },
    };
    this.#make(sender, agent, input, terms, listener).then(
      (output) => stream.finish(output),
      (error: unknown) => stream.fail(error),
    );
    return stream;
  }

  async #make(
    sender: Sender,
    agent: CallableAgent,
    input: unknown,
    terms: CallTerms,
    listener?: PartsListener,
  ): Promise<unknown> {
    const { clock, messenger } = this.#host;
    const { timeout = Number.POSITIVE_INFINITY, names } = terms;
    const ends = { ...(terms.signal && { signal: terms.signal }), ...(listener && { listener }) };
    const deadline = clock.now() + timeout;
    let left = timeout;
    const find = async (gone?: Address): Promise<Target> => {
      const found = await this.#find(sender, agent, { timeout: left, ...ends }, gone);
      left = Math.ceil(deadline - clock.now());
      return found;
    };
    const key = names === undefined ? this.#keyOf(agent, terms) : { key: this.#nameOf(names, agent, input, terms) };
    const message: AgentMessage = listener === undefined ? "execute" : "stream";
    let target = this.#targets.get(agent);
    for (let sends = 1; ; sends++) {
      target ??= await find();
      checkCircle(sender, agent, target.address);
      try {
        return await messenger.ask(sender, target, message, input, { timeout: left, ...ends, ...key });
      } catch (error) {
        if (sends === maxSends || !isGone(error, target.address)) throw error;
        left = Math.ceil(deadline - clock.now());
        target = await find(target.address);
      }
    }
  }

  /** The key of a call outside of any work that names its calls. */
  #keyOf(agent: CallableAgent, { idempotencyKey, tenant }: CallTerms): Pick<HostAskOptions, "key" | "isRepeat"> {
    if (tenant === undefined) return ownKeyOf(agent, idempotencyKey);
    const scope = idempotencyKey === undefined ? this.#host.random.id() : "";
    return { key: new CallNames(scope, {}).next({ agent, input: "", idempotencyKey, tenant }) };
  }

  #nameOf(names: CallNames, agent: CallableAgent, input: unknown, { idempotencyKey, once, tenant }: CallTerms): string {
    const plain = idempotencyKey === undefined ? this.#codec.encode(input, `the input of a call of ${agent.name}`) : "";
    return names.next({ agent, input: plain, idempotencyKey, once, tenant });
  }

  /** @param gone where the agent was, and is no more. */
  async #find(
    sender: Sender,
    agent: CallableAgent,
    wait: Pick<HostAskOptions, "timeout" | "signal" | "listener">,
    gone: Address | undefined,
  ): Promise<Target> {
    this.#load.remember(agent as AgentDefinition);
    const request: DeployRequest = { definition: definitionId(agent), gone };
    const outcome = await this.#host.messenger.ask(sender, systemTarget, "deploy", request, wait);
    const { address, error } = outcome as SpawnOutcome;
    if (error !== undefined) throw decodeError(error);
    const target = agentTarget(agent, address, ["execute", "stream"]);
    this.#targets.set(agent, target);
    return target;
  }
}

/** @throws TroupeError `invalid-options` for an idempotency key that is no text. */
function ownKeyOf(
  { name }: CallableAgent,
  idempotencyKey: string | undefined,
): Pick<HostAskOptions, "key" | "isRepeat"> {
  return idempotencyKey === undefined ? {} : { key: ownKey(idempotencyKey, `call ${name}`), isRepeat: true };
}

/** True if the agent was gone before the call reached it. */
function isGone(error: unknown, address: Address): boolean {
  if (!isAskError(error) || error.mayHaveRun) return false;
  const { code, details } = error;
  return (code === "no-such-actor" || code === "actor-stopped" || code === "thread-died") && details["to"] === address;
}

/**
 * A call waits for a place with its agent. If the actors that wait for the call hold all places, no place gets free.
 *
 * @throws AskError `circular-call`
 */
function checkCircle({ scope, address: from }: Sender, { name, concurrency }: CallableAgent, to: Address): void {
  const askers = scope === undefined || scope.isOver ? [] : (scope.askers ?? []);
  const waiting = [...askers, from];
  const places = waiting.filter((actor) => actor === to).length;
  if (places < concurrency) return;
  const circle = [...waiting.slice(waiting.indexOf(to)).filter((actor) => actor !== undefined), to];
  throw new AskError(
    "rejected",
    "circular-call",
    `the call of the agent ${name} can't begin, as it waits for itself: ${circle.join(" > ")}, each of which waits for the next one. ` +
      `Call another agent, or raise the concurrency of ${name} above the depth of the calls.`,
    { details: { agent: name, circle } },
  );
}
