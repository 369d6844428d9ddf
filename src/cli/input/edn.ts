/** Reads EDN (https://github.com/edn-format/edn), the notation in which Clojure's programs, such as Jepsen, write data. */

/** A value of the text, and the line in which it begins. */
export interface EdnValue {
  readonly line: number;
  readonly value: unknown;
}

/** What is wrong with a text, and in which line. */
export class EdnError extends Error {
  readonly line: number;

  constructor(problem: string, line: number) {
    super(problem);
    this.line = line;
  }
}

/**
 * The values of a text, one after the other. A keyword or symbol is a text without its colon, a map an object by the texts of its keys, a
 * vector, list or set an array, `nil` is `null`; of a tagged value, the tag is left out.
 *
 * @throws EdnError
 */
export function* ednValues(text: string): Generator<EdnValue, void> {
  const reader = new Reader(text);
  for (let next = reader.next(); next !== undefined; next = reader.next()) yield next;
}

/** Spaces and commas, comments to the end of the line, strings, characters, brackets; whatever else goes to the next of these. */
const token =
  /[\s,]+|;[^\n]*|"(?:[^"\\]|\\[^])*"|\\(?:newline|space|tab|return|u[\da-fA-F]{4}|[^\s])|#\{|#_|[()[\]{}]|[^\s,;"()[\]{}]+/y;

const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "#{": "}" };

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/** How deep values lie in each other at most. */
const deepest = 100;

class Reader {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next value that belongs to the text; none at its end. */
  next(): EdnValue | undefined {
    const first = this.#token();
    return first === undefined ? undefined : this.#valueAfter(first, 0);
  }

  #valueAfter(first: string, depth: number): EdnValue | undefined {
    const line = this.#line;
    if (depth > deepest) throw new EdnError(`values lie more than ${deepest} deep in each other`, line);
    if (first === "#_") {
      this.#needed(depth); // the value after #_ is left out
      const next = this.#token();
      return next === undefined ? undefined : this.#valueAfter(next, depth);
    }
    if (first.startsWith("#") && first !== "#{") return { line, value: this.#needed(depth).value };
    const end = closing[first];
    if (end === undefined) return { line, value: atom(first, line) };
    const values = this.#until(end, line, depth);
    return { line, value: first === "{" ? mapOf(values, line) : values };
  }

  /** The value that has to come next. @throws EdnError if none does. */
  #needed(depth: number): EdnValue {
    const first = this.#token();
    const value = first === undefined ? undefined : this.#valueAfter(first, depth + 1);
    if (value === undefined) throw new EdnError("the text ends where a value has to be", this.#line);
    return value;
  }

  /** The values up to the token `end`. `line` is where they were opened. */
  #until(end: string, line: number, depth: number): readonly unknown[] {
    const values: unknown[] = [];
    for (;;) {
      const next = this.#token();
      if (next === undefined) throw new EdnError(`it is not closed by ${end}`, line);
      if (next === end) return values;
      if (next === "#_") {
        this.#needed(depth);
        continue;
      }
      const value = this.#valueAfter(next, depth + 1);
      if (value !== undefined) values.push(value.value);
    }
  }

  /** The next token that is no space and no comment. */
  #token(): string | undefined {
    while (this.#at < this.#text.length) {
      token.lastIndex = this.#at;
      const [found] = token.exec(this.#text) ?? [];
      if (found === undefined) throw new EdnError("a string is not closed", this.#line);
      this.#at += found.length;
      const line = this.#line;
      for (const char of found) if (char === "\n") this.#line++;
      if (!/^[\s,;]/.test(found)) {
        if (found.startsWith('"')) this.#line = line + found.split("\n").length - 1;
        return found;
      }
    }
    return undefined;
  }
}

function atom(text: string, line: number): unknown {
  if (text.startsWith('"')) return unescaped(text, line);
  if (text.startsWith("\\")) return character(text);
  if (text === "nil") return null;
  if (text === "true" || text === "false") return text === "true";
  if (/^[+-]?\d+N?$/.test(text)) return wholeNumber(text.replace("N", ""), line);
  if (/^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?M?$/.test(text)) return Number(text.replace("M", ""));
  if (/^[)\]}]$/.test(text)) throw new EdnError(`nothing is open that ${text} could close`, line);
  return text.startsWith(":") ? text.slice(1) : text;
}

function wholeNumber(text: string, line: number): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new EdnError(`${text} is too large a number to be kept exactly`, line);
  return number;
}

function character(text: string): string {
  const names: Readonly<Record<string, string>> = { newline: "\n", space: " ", tab: "\t", return: "\r" };
  const name = text.slice(1);
  if (/^u[\da-fA-F]{4}$/.test(name)) return String.fromCharCode(Number.parseInt(name.slice(1), 16));
  return names[name] ?? name;
}

function unescaped(text: string, line: number): string {
  return text.slice(1, -1).replace(/\\(u[\da-fA-F]{4}|[^])/g, (_, escape: string) => {
    if (escape.length > 1) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if (escape === '"' || escape === "\\") return escape;
    const found = escapes[escape];
    if (found === undefined) throw new EdnError(`there is no escape \\${escape} in strings`, line);
    return found;
  });
}

function mapOf(values: readonly unknown[], line: number): Readonly<Record<string, unknown>> {
  if (values.length % 2 === 1) throw new EdnError("a map has a key without a value", line);
  const entries = new Map<string, unknown>();
  for (let n = 0; n < values.length; n += 2) {
    const key = values[n];
    entries.set(typeof key === "string" ? key : JSON.stringify(key), values[n + 1]);
  }
  return Object.fromEntries(entries);
}
