/** Which values JSON carries without loss. */

/** True when JSON brings `value` back as it is. Takes plain data: objects, arrays and primitives. */
export function isJsonSafe(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object": {
      if (value === null) return true;
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) if (!isJsonSafe(value[i])) return false;
        return true;
      }
      const fields = value as Record<string, unknown>;
      for (const key in fields) if (!isJsonSafe(fields[key])) return false;
      return true;
    }
    default:
      return false;
  }
}
