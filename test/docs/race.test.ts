/** Runs the tests of `examples/race`, which lie beside it for people to copy. */
await import("../../examples/race/last-tickets.test.ts");
