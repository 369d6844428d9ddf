/** Where in the code something was called. */

/** Troupe's own files: the folder of its sources, or of what was built of them. */
const own = /^file:\/\/(.*\/(?:src|dist)\/)/.exec(import.meta.url)?.[1] ?? import.meta.url;
/** Node.js itself, and what runs tests and TypeScript. */
const ofTools = /\(?node:|\/node_modules\/(?:vitest|@vitest|vite|tsx)\//;

/** Whether a script is code of users: none of Troupe, of Node.js or of a package. */
export function isOfUsers(url: string): boolean {
  return url !== "" && !/^node:|\/node_modules\//.test(url) && !url.includes(own);
}

/** The lines of a stack outside of Troupe, the innermost first; none where Node.js or a tool made the call. */
export function callers(stack: string): readonly string[] {
  const lines = stack.split("\n").filter((line) => /^ {4}at /.test(line) && !line.includes(own));
  return lines[0] === undefined || ofTools.test(lines[0]) ? [] : lines;
}

/** The same for a function that other functions of Node.js call: the lines below theirs. None while a module is loaded. */
export function outerCallers(stack: string): readonly string[] {
  if (stack.includes("node:internal/modules/")) return [];
  const lines = stack.split("\n");
  const inner = (line: string): boolean => !/^ {4}at /.test(line) || line.includes(own) || /\(?node:/.test(line);
  return callers(lines.slice(lines.findIndex((line) => !inner(line))).join("\n"));
}
