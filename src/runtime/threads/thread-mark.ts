/** Set on the global object of threads that run a host. */
export const threadMark = Symbol.for("troupe.thread");
