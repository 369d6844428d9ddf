// What the linter checks; above all, which folder of src may import what, and who may touch threads, time and chance.
// Plain JavaScript, so that Node 20 can load it.
import { readdirSync } from "node:fs";
import { defineConfig } from "oxlint";
import { floors, inner } from "./scripts/rooms.mjs";

const folders = floors.flat();

/** The libraries that stay behind one file each. */
const adapters = {
  piscina: "src/runtime/threads/worker-source.ts",
  comlink: "src/runtime/threads/control-channel.ts",
  lmdb: "src/store/journal/lmdb/lmdb-environment.ts",
};

/** Imports, globals and properties that read real time or real chance. */
const realWorld = {
  imports: [
    ...["node:perf_hooks", "node:process", "node:timers", "node:timers/promises"].map((name) => ({ name })),
    { name: "node:crypto", importNames: ["default", "getRandomValues", "randomBytes", "randomInt", "randomUUID"] },
    {
      // What falls back to the wall clock when it is given no scheduler.
      name: "rxjs",
      importNames: [
        ...["animationFrameScheduler", "asapScheduler", "asyncScheduler", "queueScheduler", "interval", "timer"],
        ...["auditTime", "bufferTime", "debounceTime", "delay", "sampleTime", "throttleTime", "windowTime"],
        ...["timeInterval", "timeout", "timestamp"],
      ],
    },
  ].map((entry) => ({ ...entry, message: "Time and chance come in through the ports." })),
  globals: ["crypto", "performance", "queueMicrotask", "setImmediate", "setInterval", "setTimeout"],
  properties: [
    { object: "AbortSignal", property: "timeout" },
    { object: "Date", property: "now" },
    { object: "Math", property: "random" },
    { object: "process", property: "hrtime" },
    { object: "process", property: "nextTick" },
  ],
};

// A rule set for a file again replaces its earlier setting, so each override carries its whole lists.
function boundaries(folder, { adapts, room, real = false } = {}) {
  const level = floors.findIndex((floor) => floor.includes(folder));
  const neighbours = (floors[level] ?? []).filter((other) => other !== folder);
  const above = level < 0 ? [] : floors.slice(level + 1).flat();
  const threads = {
    name: "node:worker_threads",
    message: "Only src/runtime touches it, and only the pool opens threads.",
  };
  const paths = real ? [] : [...realWorld.imports];
  if (folder !== "runtime") paths.push(threads);
  else if (!real) paths.push({ ...threads, importNames: ["Worker"] });

  const from = (names) => `^\\.{1,2}/(.*/)?(${names.join("|")})/`;
  const message = `src/${folder} imports from lower floors only.`;
  const patterns = Object.entries(adapters)
    .filter(([library]) => library !== adapts)
    .map(([library, home]) => ({ regex: `^${library}(/|$)`, message: `Only ${home} imports it.` }));
  patterns.push({ regex: "^troupe(/|$)|(^|/)index\\.ts$", message: "Import the file itself: src has no barrels." });
  if (above.length > 0) patterns.push({ regex: from(above), message });
  if (neighbours.length > 0) patterns.push({ regex: from(neighbours), message, allowTypeImports: level === 0 });

  const rooms = room === undefined ? [] : roomsAbove(folder, room);
  if (rooms.length > 0)
    patterns.push({
      regex: `^\\.\\./(${rooms.join("|")})/`,
      message: `src/${folder}/${room} imports from lower floors of src/${folder} only.`,
    });

  return {
    "no-restricted-imports": ["error", { paths, patterns }],
    "no-restricted-globals": real
      ? "off"
      : ["error", { globals: realWorld.globals, checkGlobalObject: true, globalObjects: ["global"] }],
    "no-restricted-properties": real ? "off" : ["error", ...realWorld.properties],
  };
}

/** The rooms of a folder that one of its rooms doesn't know: those above, and its neighbours. */
function roomsAbove(folder, room) {
  const level = inner[folder].findIndex((floor) => floor.includes(room));
  return inner[folder]
    .slice(level)
    .flat()
    .filter((other) => other !== room && other !== "");
}

/** What runs outside of the simulator only. */
function isReal(folder) {
  return folder === "cli" || folder === "adapters" || folder === "bench";
}

for (const entry of readdirSync(new URL("src", import.meta.url), { withFileTypes: true })) {
  if (entry.isDirectory() && !folders.includes(entry.name))
    throw new Error(`Give src/${entry.name} a floor in scripts/rooms.mjs.`);
}

export default defineConfig({
  ignorePatterns: ["api/**"], // written by a script
  plugins: ["typescript", "unicorn", "oxc", "import", "vitest"],
  categories: { correctness: "error", suspicious: "error" },
  options: { typeAware: true, typeCheck: true, denyWarnings: true, reportUnusedDisableDirectives: "error" },
  rules: {
    eqeqeq: ["error", "always", { null: "ignore" }],
    "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "import/no-mutable-exports": "error",
    "typescript/await-thenable": "error",
    "typescript/consistent-type-exports": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-import-type-side-effects": "error",
    "typescript/no-misused-promises": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/only-throw-error": "error",
    "typescript/return-await": ["error", "error-handling-correctness-only"],
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "unicorn/prefer-node-protocol": "error",
    // The compiler's noImplicitReturns knows which switches are exhaustive.
    "typescript/consistent-return": "off",
    // Our objects are closures behind interfaces: taking them apart is safe.
    "typescript/unbound-method": "off",
    // Narrowing what comes off a wire needs assertions; a type parameter used once names a caller's choice.
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/no-unnecessary-type-parameters": "off",
    // Sorting or filling an array of one's own, and iterating over a copy while the original changes, are meant.
    "unicorn/no-array-reverse": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/no-new-array": "off",
    "unicorn/no-useless-spread": "off",
    "unicorn/consistent-function-scoping": "off",
    // fast-check's default export is the way it is written.
    "import/no-named-as-default-member": "off",
    // Meant for browsers' windows.
    "unicorn/prefer-add-event-listener": "off",
    "unicorn/require-post-message-target-origin": "off",
  },
  overrides: [
    { files: ["src/*.ts"], rules: boundaries("") },
    ...folders.map((folder) => ({
      files: [`src/${folder}/**`],
      rules: boundaries(folder, { real: isReal(folder) }),
    })),
    ...Object.entries(inner).flatMap(([folder, table]) =>
      table
        .flat()
        .filter((room) => room !== "")
        .map((room) => ({
          files: [`src/${folder}/${room}/**`],
          rules: boundaries(folder, { room, real: isReal(folder) }),
        })),
    ),
    ...Object.entries(adapters).map(([adapts, home]) => ({
      files: [home],
      rules: boundaries(home.split("/")[1], { adapts }),
    })),
    { files: ["src/inspector/page/**"], rules: boundaries("inspector", { room: "page", real: true }) },
    { files: ["src/runtime/**/node-*.ts"], rules: boundaries("runtime", { real: true }) },
    {
      files: ["src/testing/simulator/schedules/turn-barrier.ts", "src/testing/simulator/virtual/**"],
      rules: boundaries("testing", { real: true }),
    },
    {
      files: ["test/**"],
      rules: {
        "typescript/no-non-null-assertion": "off",
        "vitest/expect-expect": [
          "error",
          { assertFunctionNames: ["expect*", "assert*", "check*", "fc.assert", "holds*"] },
        ],
        "vitest/no-conditional-expect": "off",
        "vitest/valid-expect": ["error", { maxArgs: 2 }],
      },
    },
    {
      files: ["test/fixtures/**", "test/**/*.threads.test.ts"],
      rules: {
        "no-restricted-imports": [
          "error",
          {
            patterns: [
              {
                regex: "/src/(testing/)?index\\.ts$",
                message: "Import troupe: a second copy from src has other classes.",
              },
            ],
          },
        ],
      },
    },
    // What must not compile is asserted by a comment.
    { files: ["test/**/*.test-d.ts"], rules: { "vitest/expect-expect": "off" } },
  ],
});
