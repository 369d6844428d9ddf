/** The port to what looks on while actors work. Production has none; the simulator explains a failure by it. */

/** What an actor does. Actors are named by their addresses; code outside of all actors has none. */
export type ActorEvent =
  | { readonly type: "begins"; readonly actor: string; readonly message: string; readonly from: string | undefined }
  | { readonly type: "ends"; readonly actor: string; readonly message: string; readonly thrown?: unknown }
  | {
      readonly type: "reads";
      readonly actor: string;
      readonly key: string;
      /** 0 where there is none yet. */
      readonly version: number;
      /** The store's own, frozen. */
      readonly state: unknown;
    }
  | {
      readonly type: "commits";
      readonly actor: string;
      readonly key: string;
      readonly version: number;
      readonly parent: number;
      readonly position: number;
      readonly state: unknown;
    }
  | { readonly type: "conflicts"; readonly actor: string; readonly key: string; readonly version: number }
  | AskEvent;

/** An ask begins to wait, or doesn't wait any more; `id` is unique among those of a host. */
export type AskEvent =
  | {
      readonly type: "asks";
      readonly host: number;
      readonly id: number;
      readonly from: string | undefined;
      readonly to: string;
      readonly message: string;
    }
  | { readonly type: "asked"; readonly host: number; readonly id: number };

/** Sees each event in the step in which it happens, and changes nothing. */
export type ActorObserver = (event: ActorEvent) => void;
