/** Libraries as peers, those that are installed in `bench/peers`: `npm install --prefix bench/peers`. */

import { type Cost, costOf } from "../../src/bench/measure.ts";
import { checkResult } from "../savina/program.ts";
import { type Library, libraryPrograms, type Peer } from "./programs.ts";

/** A program as a peer has it. */
export interface PeerProgram {
  /** The program's name. */
  readonly name: string;
  readonly subject: string;
  cost(): Promise<Cost>;
}

/** `without` names a program that takes minutes. */
const libraries: readonly {
  readonly name: string;
  readonly package: string;
  readonly without?: string;
  make(module: Module): Library;
}[] = [
  { name: "nact", package: "nact", make: nact },
  { name: "XState", package: "xstate", make: xstate },
  { name: "Effect", package: "effect", without: "big", make: effect },
];

// oxlint-disable-next-line typescript/no-explicit-any -- the project doesn't depend on them, and so has no types of theirs
type Module = any;

export async function libraryPeers(): Promise<readonly PeerProgram[]> {
  const peers = await Promise.all(libraries.map(programsOn));
  return peers.flat();
}

async function programsOn({ name, package: from, without, make }: (typeof libraries)[number]): Promise<PeerProgram[]> {
  const module = await installed(from);
  if (module === undefined) {
    console.error(`${name} isn't installed: npm install --prefix bench/peers. Its figures are left out.`);
    return [];
  }
  const programs = Object.entries(libraryPrograms).filter(([program]) => program !== without);
  return programs.map(([program, { expected, run }]) => ({
    name: program,
    subject: name,
    cost: () =>
      costOf(async () => {
        const library = make(module);
        checkResult(`${program} on ${name}`, await new Promise((resolve) => run(library, resolve)), expected);
        library.end();
      }),
  }));
}

async function installed(name: string): Promise<Module> {
  try {
    return await import(name);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    return undefined;
  }
}

function nact({ dispatch, query, spawn, start, stop }: Module): Library {
  const system = start();
  const refs = new WeakMap<object, unknown>();
  let spawned = 0;
  return {
    spawn<S, M>(initial: S, handle: (state: S, message: M, self: Peer<M>) => S): Peer<M> {
      // those that it makes up collide among a hundred thousand
      const name = `actor-${++spawned}`;
      const ref = spawn(system, (state: S = initial, message: M) => handle(state, message, peer), name);
      const peer: Peer<M> = { tell: (message) => dispatch(ref, message), stop: () => stop(ref) };
      refs.set(peer, ref);
      return peer;
    },
    ask: (peer, message) =>
      query(refs.get(peer), (sender: unknown) => message({ tell: (reply) => dispatch(sender, reply) }), 600_000),
    end: () => stop(system),
  };
}

function xstate({ createActor, fromTransition }: Module): Library {
  return {
    spawn<S, M>(initial: S, handle: (state: S, message: M, self: Peer<M>) => S): Peer<M> {
      // a stop comes as an event of its own
      const transition = (state: S, event: { type: string; message: M }): S =>
        event.type === "message" ? handle(state, event.message, peer) : state;
      const actor = createActor(fromTransition(transition, initial)).start();
      const peer: Peer<M> = { tell: (message) => actor.send({ type: "message", message }), stop: () => actor.stop() };
      return peer;
    },
    ask: asked,
    end: () => undefined,
  };
}

function effect({ Effect, Queue }: Module): Library {
  return {
    spawn<S, M>(initial: S, handle: (state: S, message: M, self: Peer<M>) => S): Peer<M> {
      const queue = Effect.runSync(Queue.unbounded());
      const life = { isOver: false };
      const peer: Peer<M> = { tell: (message) => queue.unsafeOffer(message), stop: () => void (life.isOver = true) };
      const handling = function* (): Generator<unknown, void, M> {
        for (let state = initial; !life.isOver;) state = handle(state, yield* Queue.take(queue), peer);
      };
      Effect.runFork(Effect.gen(handling));
      return peer;
    },
    ask: asked,
    end: () => undefined,
  };
}

/** For libraries that answer by a message. */
function asked<M>(peer: Peer<M>, message: (sender: Pick<Peer<number>, "tell">) => M): Promise<number> {
  return new Promise((resolve) => peer.tell(message({ tell: resolve })));
}
