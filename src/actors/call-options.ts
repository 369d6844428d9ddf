/** How an agent is called by another one, by an actor, or from outside. */

/**
 * How long the call of an agent waits, what ends it, and which call it is.
 *
 * @since 0.1.0
 */
export interface CallOptions {
  /**
   * Milliseconds until the call ends as `timed-out`. Default: no limit of its own. Inside a handler or an agent, never longer than the
   * caller itself has; and each attempt at the call is within the `timeout` of the agent's policies.
   */
  readonly timeout?: number;
  /** Ends the call as `cancelled` when it aborts; the agent's `context.signal` aborts as well. */
  readonly signal?: AbortSignal;
  /**
   * A text that isn't empty, the same for every attempt at this call, and for no other of the caller's calls of the agent.
   * Default inside an agent or a durable actor: the input says which call it is, and where several have the same, their order. Give
   * it where an attempt may call with another input than the one before, such as one that holds the time.
   */
  readonly idempotencyKey?: string;
  /**
   * False to make the call anew at each attempt at the step. Default true: inside a step of a run, the output is recorded, and a later
   * attempt at the step gets that. It means nothing elsewhere.
   */
  readonly once?: boolean;
  /**
   * The tenant that the call is for: limits of the agent's policies `per: "tenant"` count it so, and those of the agents that it calls in turn. A
   * text of 1 to 256 characters. Default: that of the run or the call that it is made in; in an actor and from outside, none.
   */
  readonly tenant?: string;
}
