/** The HTTP status that an error carries, where clients of HTTP put it. */

const places: readonly (readonly string[])[] = [["status"], ["statusCode"], ["response", "status"]];

/** A whole number from 100 to 599; `undefined` if the error carries none, or can't be read. */
export function statusOf(error: unknown): number | undefined {
  try {
    return places.map((path) => path.reduce(fieldOf, error)).find(isStatus);
  } catch {
    return undefined; // a getter of its own throws: then it says nothing
  }
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[field] : undefined;
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 599;
}
