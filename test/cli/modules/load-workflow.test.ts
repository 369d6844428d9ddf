import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { loadWorkflow } from "../../../src/cli/modules/load-workflow.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder, write } = temporaryFiles();
const load = (module: string, exportName?: string) => loadWorkflow({ module, exportName, cwd: folder });
/** Code that exports things by name; `workflow("x")` makes one without the help of the package. */
const code = (exports: string): string =>
  `const workflow = (name) => ({ kind: "workflow", module: import.meta.url, name, version: "1", steps: [] });\n${exports}\n`;

write("one.mjs", code(`export const agent = { kind: "agent" };\nexport const flow = workflow("flow");`));
write("twice.mjs", code(`export const flow = workflow("flow");\nexport { flow as default, flow as again };`));
write("default.mjs", code(`export const other = workflow("other");\nexport default workflow("main");`));
write("several.mjs", code(`export const a = workflow("a");\nexport const b = workflow("b");\nexport default 7;`));
write("none.mjs", "export const flow = null; export default () => 1;\n");
write("throws.mjs", `throw new Error("first\\nsecond");\n`);
write("throws-text.mjs", `throw "text";\n`);
write("syntax.mjs", "export const = 1;\n");
write("imports-missing.mjs", `import "./not-there.mjs";\n`);
write("odd name.mjs", code(`export const flow = workflow("odd");`));

describe("loadWorkflow", () => {
  it.each([
    ["the only workflow", "one.mjs", undefined, "flow"],
    ["the only workflow, whatever its names", "twice.mjs", undefined, "flow"],
    ["the default export among several", "default.mjs", undefined, "main"],
    ["a named export", "several.mjs", "b", "b"],
    ["the default export by its name", "default.mjs", "default", "main"],
    ["a module with an odd name", "odd name.mjs", undefined, "odd"],
    ["a module by its absolute path", `${folder}/one.mjs`, undefined, "flow"],
    ["a module by its URL", pathToFileURL(`${folder}/odd name.mjs`).href, undefined, "odd"],
  ])("finds %s", async (_, module, exportName, name) => {
    expect(await load(module, exportName)).toMatchObject({ kind: "workflow", name });
  });

  it.each([
    ["missing.mjs", undefined, "invalid-input", "there is no such file"],
    [".", undefined, "invalid-input", "is not a file"],
    ["file://elsewhere/x.mjs", undefined, "invalid-input", "is no URL of a local file"],
    ["throws.mjs", undefined, "module-failed", "can't be loaded: first second"],
    ["throws-text.mjs", undefined, "module-failed", "can't be loaded: text"],
    ["syntax.mjs", undefined, "module-failed", "can't be loaded: "],
    ["imports-missing.mjs", undefined, "module-failed", "not-there.mjs"],
    ["none.mjs", undefined, "definition-not-found", "exports no workflow"],
    ["none.mjs", "flow", "definition-not-found", "its export flow is no workflow; it exports no workflow"],
    ["one.mjs", "flo", "definition-not-found", "has no export flo; its workflows are flow"],
    ["one.mjs", "agent", "definition-not-found", "its export agent is no workflow; its workflows are flow"],
    ["one.mjs", "toString", "definition-not-found", "has no export toString"],
    ["several.mjs", undefined, "definition-not-found", "several workflows; choose one: several.mjs#a, several.mjs#b"],
  ])("refuses %s#%s in one line that names the module", async (module, exportName, errorCode, part) => {
    const error = await load(module, exportName).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: errorCode, message: expect.stringContaining(part) });
    expect((error as Error).message).toSatisfy(
      (text: string) => text.startsWith(`${module}: `) && !text.includes("\n"),
    );
  });
});
