// The rooms of src, floor by floor, the lowest first: a room imports from lower floors and from itself only. Rooms of one floor
// don't know each other, but for the types of the lowest. The linter and `scripts/check-house.ts` both read this table.
// Plain JavaScript, so that the linter's configuration can load it on Node 20.

/** The folders of src. */
export const floors = [
  ["errors", "ports"],
  ["values"],
  ["async", "contracts", "checkers"],
  ["store", "traces", "metrics"],
  ["actors"],
  ["supervision", "agents"],
  ["workflows"],
  ["inspector"],
  ["runtime"],
  ["testing", "adapters", "bench"],
  ["cli"],
];

/** The rooms within folders that have several; `""` is the folder's own files. */
export const inner = {
  agents: [["policies"], [""]],
  checkers: [[""], ["models"]],
  cli: [
    ["output"],
    ["input"],
    ["modules"],
    ["arguments"],
    ["command"],
    ["journal"],
    ["runs", "races", "benches"],
    ["commands"],
    [""],
  ],
  inspector: [["source"], ["views"], ["http"], ["recording"], ["", "page"]],
  runtime: [
    ["platform", "definitions", "registry"],
    ["transport"],
    ["messaging", "telemetry"],
    ["cell"],
    ["agents", "bodies"],
    ["host", "queues"],
    ["threads", "workflows"],
    ["supervision", "schedules"],
    ["system"],
  ],
  store: [
    ["versions"],
    ["journal"],
    ["history"],
    ["retention", "replication", "client"],
    ["authority", "travel"],
    [""],
  ],
  testing: [["simulator"], ["verify", "interleave", "threads"], ["race"], [""]],
  workflows: [
    ["definition"],
    ["steps"],
    ["history"],
    ["", "coordination", "queue"],
    ["migration", "schedule"],
    ["participant", "supervisor"],
  ],
};
