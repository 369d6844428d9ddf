import { describe, expect, it } from "vitest";
import { homeHost, hostId, makeSupervisedAddress } from "../../../src/actors/address.ts";
import { type Envelope, never } from "../../../src/runtime/transport/envelope.ts";
import { nothingSettled } from "../../../src/runtime/transport/supervision-protocol.ts";
import { SupervisedRoutes } from "../../../src/runtime/messaging/supervised-routes.ts";

const actor = makeSupervisedAddress("ada");

function message(id: number, isAsk = false): Envelope {
  const rest = { token: 0, deadline: never, cause: 0, isChecked: true, hasRefs: false, isJson: true, origin: homeHost };
  const keys = { idempotencyKey: undefined, isRepeat: false, isTold: false };
  return {
    kind: "message",
    id,
    to: actor,
    from: undefined,
    type: "m",
    payload: id,
    isAsk,
    ...rest,
    ...keys,
  };
}

/** Routes on host 0, which reaches hosts 1 and 2, and what they said. */
function routes() {
  const said: string[] = [];
  const reached = new Set([homeHost, hostId(1), hostId(2)]);
  const awaited = new Set<number>();
  const made = new SupervisedRoutes({
    self: homeHost,
    reaches: (host) => reached.has(host),
    send: (host, { id }) => said.push(`${id} to ${host}`),
    ask: (who) => said.push(`where is ${who}`),
    taken: (_actor, upTo) => said.push(`taken ${upTo}`),
    isAwaited: (id) => awaited.has(id),
    withdrawn: ({ id }) => said.push(`withdrawn ${id}`),
    unanswered: ({ id }) => said.push(`unanswered ${id}`),
    moved: () => said.push("moved"),
    departed: (_actor, left, reason, begun) => {
      const ids = left.map(({ id }) => (id === begun ? `${id} (begun)` : id));
      said.push(`departed ${reason}: ${ids.join(" ")}`);
    },
  });
  const located = (thread: number, incarnation: number, settled = 0, isLost = false, inHand = 0): void =>
    made.located({ kind: "located", actor, host: hostId(thread), incarnation, settled, inHand, isLost });
  const take = (): string[] => said.splice(0);
  return { made, located, take, reached, awaited };
}

describe("routes to supervised actors", () => {
  it("ask once where an actor is, and keep what is sent to it until they know", () => {
    const { made, located, take } = routes();
    made.send(message(1));
    made.send(message(2));
    expect(made.locate(actor)).toBeUndefined();
    expect(take()).toEqual([`where is ${actor}`]);
    located(1, 1);
    expect(take()).toEqual(["taken 0", "moved", "1 to 1", "2 to 1"]);
    made.send(message(3));
    expect(take()).toEqual(["3 to 1"]);
    expect(made.locate(actor)).toBe(1);
  });

  it("send again what is not settled, in order, when the actor is elsewhere; told late or twice, they do nothing", () => {
    const { made, located, take } = routes();
    located(1, 1);
    for (let id = 1; id <= 4; id++) made.send(message(id));
    made.settled({ kind: "settled", actor, taken: 1, settled: 1 });
    made.hostLost(hostId(1));
    made.send(message(5));
    take();
    located(2, 2, 3, true);
    expect(take()).toEqual(["taken 3", "moved", "4 to 2", "5 to 2"]);
    located(2, 2, 3, true);
    located(1, 1);
    made.settled({ kind: "settled", actor, taken: 2, settled: 2 });
    expect(take()).toEqual(["taken 2"]);
  });

  it("send the one in hand again that later ones have passed", () => {
    const { made, located, take } = routes();
    located(1, 1);
    for (let id = 1; id <= 4; id++) made.send(message(id));
    take();
    located(2, 2, 3, true, 1);
    expect(take()).toEqual(["taken 3", "moved", "1 to 2", "4 to 2"]);
  });

  it("wait for the next life when the host of this one has died already", () => {
    const { made, located, take, reached } = routes();
    made.send(message(1));
    reached.delete(hostId(1));
    located(1, 1);
    expect(take().slice(1)).toEqual(["taken 0", "moved"]);
    located(2, 2, 0, true);
    expect(take()).toEqual(["taken 0", "moved", "1 to 2"]);
  });

  it("tell an asker whose answer was lost, and don't ask again what was answered", () => {
    const { made, located, take, awaited } = routes();
    located(1, 1);
    for (let id = 1; id <= 3; id++) made.send(message(id, true));
    awaited.add(1).add(3); // the second has its answer, and is not settled
    take();
    made.hostLost(hostId(1));
    located(2, 2, 1, true);
    expect(take()).toEqual(["unanswered 1", "taken 1", "moved", "3 to 2"]);
  });

  it("don't send an ask again that was given up meanwhile", () => {
    const { made, located, take, awaited } = routes();
    located(1, 1);
    for (let id = 1; id <= 2; id++) made.send(message(id, true));
    awaited.add(2);
    take();
    located(2, 2);
    expect(take()).toEqual(["taken 0", "moved", "withdrawn 1", "2 to 2"]);
  });

  it("wait for an answer that a host which lives has sent, as long as it lives", () => {
    const { made, located, take, awaited } = routes();
    located(1, 1);
    made.send(message(1, true));
    awaited.add(1);
    take();
    located(2, 2, 1, false); // the actor left host 1, which had answered
    expect(take()).toEqual(["taken 1", "moved"]);
    made.hostLost(hostId(1));
    expect(take()).toEqual(["unanswered 1"]);
  });

  it("hand back what is left of an actor that is gone, and ask anew for a later one of its name", () => {
    const { made, located, take } = routes();
    located(1, 1);
    made.send(message(1));
    made.send(message(2));
    take();
    made.departed({ kind: "departed", actor, settled: 1, inHand: 0, isLost: false, reason: "stopped" });
    made.departed({ kind: "departed", actor, settled: 1, inHand: 0, isLost: false, reason: "stopped" });
    expect(take()).toEqual(["departed stopped: 2"]);
    made.send(message(3));
    expect(take()).toEqual([`where is ${actor}`]);
    expect(made.close(() => nothingSettled).map(({ id }) => id)).toEqual([3]);
  });

  it("hand back, at the end, what was not done with of an actor whose thread is gone", () => {
    const { made, located } = routes();
    located(1, 1);
    for (let id = 1; id <= 4; id++) made.send(message(id));
    made.hostLost(hostId(1));
    const left = made.close((address) => (address === actor ? { settled: 3, inHand: 2 } : nothingSettled));
    expect(left.map(({ id }) => id)).toEqual([2, 4]);
  });

  it("tell what an actor that is gone had begun of what is left", () => {
    const { made, located, take } = routes();
    located(1, 1);
    for (let id = 1; id <= 3; id++) made.send(message(id));
    take();
    made.departed({ kind: "departed", actor, settled: 1, inHand: 2, isLost: true, reason: "stopped" });
    expect(take()).toEqual(["departed stopped: 2 (begun) 3"]);
  });
});
