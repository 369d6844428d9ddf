/** The variables that code of users can reach, as V8's inspector sees them: those of its modules, and of functions around it. */

import type { Runtime, Session } from "node:inspector";
import { isOfUsers } from "../virtual/place-in-code.ts";

/** Of a variable, what is so deep in it is looked at. */
const deepest = 4;
/** Of a variable, so many values are looked at. */
const mostValues = 100;
/** So many functions are followed to what they can reach. */
const mostFunctions = 500;

/** For each variable, by its name and its file, a text that is another one when it has changed. None where there is no inspector. */
export async function userVariables(code: unknown): Promise<ReadonlyMap<string, string>> {
  const { Session } = await import("node:inspector");
  const session = new Session();
  session.connect();
  try {
    return new Looking(session).variablesFrom(code);
  } finally {
    session.disconnect();
  }
}

/** Where code is handed to the inspector. */
const handedOver = Symbol.for("troupe.looked-at");

class Looking {
  readonly #session: Session;
  readonly #urls = new Map<string, string>();
  readonly #found = new Map<string, string>();
  readonly #functions: string[] = [];
  readonly #places = new Set<string>();
  /** How many values are still looked at. */
  #left = mostValues;

  constructor(session: Session) {
    this.#session = session;
  }

  variablesFrom(code: unknown): ReadonlyMap<string, string> {
    this.#session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => void this.#urls.set(scriptId, url));
    this.#post("Debugger.enable");
    Reflect.set(globalThis, handedOver, code);
    const { result } = this.#post<{ result: Runtime.RemoteObject }>("Runtime.evaluate", {
      expression: `globalThis[Symbol.for(${JSON.stringify(handedOver.description)})]`,
    });
    Reflect.deleteProperty(globalThis, handedOver);
    this.#textOf(result, 0);
    for (let next = 0; next < Math.min(this.#functions.length, mostFunctions); next++)
      this.#follow(this.#functions[next] as string);
    return this.#found;
  }

  /** Looks at the variables that a function can reach. */
  #follow(id: string): void {
    const { internalProperties = [] } = this.#properties(id);
    const inner = (name: string): Runtime.RemoteObject | undefined =>
      internalProperties.find((property) => property.name === name)?.value;
    const { scriptId = "", lineNumber, columnNumber } = (inner("[[FunctionLocation]]")?.value ?? {}) as Partial<Place>;
    const url = this.#urls.get(scriptId) ?? "";
    const place = `${scriptId}:${lineNumber}:${columnNumber}`;
    if (!isOfUsers(url) || this.#places.has(place)) return;
    this.#places.add(place);
    const scopes = inner("[[Scopes]]")?.objectId;
    for (const { value: scope } of scopes === undefined ? [] : this.#properties(scopes).result) {
      if (scope?.objectId === undefined || scope.description === "Global") continue;
      for (const { name, value } of this.#properties(scope.objectId).result) {
        const variable = `${name} of ${url.split("/").slice(-2).join("/")}`;
        if (value === undefined || this.#found.has(variable)) continue;
        this.#left = mostValues;
        this.#found.set(variable, ""); // it may reach itself
        this.#found.set(variable, this.#textOf(value, 0));
      }
    }
  }

  #textOf({ type, subtype, objectId, description, value }: Runtime.RemoteObject, depth: number): string {
    if (objectId === undefined) return `${type} ${description ?? String(value)}`;
    if (type === "function") return (this.#functions.push(objectId), type);
    const kind = `${subtype ?? type} ${description ?? ""}`;
    if (depth === deepest || this.#left-- <= 0) return kind;
    const { result, internalProperties = [] } = this.#properties(objectId);
    const entries = internalProperties.filter(({ name }) => name === "[[Entries]]");
    const texts = [...result, ...entries].map(
      (own) => `${own.name}: ${own.value && this.#textOf(own.value, depth + 1)}`,
    );
    return `${kind} {${texts.join(", ")}}`;
  }

  #properties(objectId: string): Runtime.GetPropertiesReturnType {
    return this.#post("Runtime.getProperties", { objectId, ownProperties: true });
  }

  /** What a session of the own thread is asked is answered at once. */
  #post<Answer>(method: string, params: object = {}): Answer {
    let answer: { error: Error | null; result: unknown } | undefined;
    this.#session.post(method, params, (error, result) => void (answer = { error, result }));
    if (answer === undefined) throw new Error(`the inspector has not answered ${method}`);
    if (answer.error !== null) throw answer.error;
    return answer.result as Answer;
  }
}

interface Place {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}
