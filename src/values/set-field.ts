/** Fields whose names are data. */

/**
 * Sets a field as data, whatever its name: assigning to `__proto__` would set the prototype.
 *
 * @example
 * setField({}, "__proto__", { isAdmin: true }); // an object with a field of that name, and the prototype that it had
 */
export function setField(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
  } else {
    target[name] = value;
  }
}
