/** Applies a JSON Patch as RFC 6902 says, and nothing else: written from the RFC, with none of the store's code. */

export interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

type Node = Record<string, unknown> | unknown[];

/** Returns the patched document; throws where the RFC says that it is an error. `document` is changed. */
export function applyJsonPatch(document: unknown, operations: readonly Operation[]): unknown {
  let root = document;
  for (const operation of operations) {
    const { op, path } = operation;
    if (op !== "add" && op !== "replace" && op !== "remove") throw new Error(`op ${op}`);
    if (op !== "remove" && !Object.hasOwn(operation, "value")) throw new Error(`${op} without a value`);
    if (path === "") {
      if (op === "remove") throw new Error("the root can't be removed");
      root = operation.value;
      continue;
    }
    const tokens = tokensOf(path);
    const last = tokens.pop() as string;
    const parent = tokens.reduce(step, root) as Node;
    if (typeof parent !== "object" || parent === null) throw new Error(`${path}: no container`);
    if (Array.isArray(parent)) changeArray(parent, op, last, operation.value);
    else changeObject(parent, op, last, operation.value);
  }
  return root;
}

/** What is at a pointer; throws where there is nothing. */
export function lookUp(document: unknown, path: string): unknown {
  return tokensOf(path).reduce(step, document);
}

function tokensOf(path: string): string[] {
  if (path === "") return [];
  if (path[0] !== "/") throw new Error(`${path} is no pointer`);
  return path
    .slice(1)
    .split("/")
    .map((token) => {
      if (/~([^01]|$)/.test(token)) throw new Error(`${token} is no token`);
      return token.replace(/~1/g, "/").replace(/~0/g, "~");
    });
}

function step(node: unknown, token: string): unknown {
  if (typeof node !== "object" || node === null) throw new Error(`${token}: no container`);
  if (Array.isArray(node)) return node[existing(node, token)];
  if (!Object.hasOwn(node, token)) throw new Error(`no member ${token}`);
  return (node as Record<string, unknown>)[token];
}

function existing(list: readonly unknown[], token: string): number {
  const index = indexOf(token);
  if (index >= list.length) throw new Error(`index ${token} of ${list.length}`);
  return index;
}

function indexOf(token: string): number {
  if (!/^(0|[1-9][0-9]*)$/.test(token)) throw new Error(`index ${token}`);
  return Number(token);
}

function changeArray(list: unknown[], op: string, token: string, value: unknown): void {
  if (op === "remove") list.splice(existing(list, token), 1);
  else if (op === "replace") list[existing(list, token)] = value;
  else {
    const index = token === "-" ? list.length : indexOf(token);
    if (index > list.length) throw new Error(`add at ${index} of ${list.length}`);
    list.splice(index, 0, value);
  }
}

function changeObject(node: Record<string, unknown>, op: string, name: string, value: unknown): void {
  if (op !== "add" && !Object.hasOwn(node, name)) throw new Error(`no member ${name}`);
  if (op === "remove") delete node[name];
  else Object.defineProperty(node, name, { value, writable: true, enumerable: true, configurable: true });
}

/** A copy as a document has it: what is the same object in two places is two in a document. */
export function documentOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(documentOf) as T;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, documentOf<unknown>(field)])) as T;
}
