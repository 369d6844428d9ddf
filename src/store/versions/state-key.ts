/** The keys of the store. */

/**
 * A key of the store: the family's name, a slash and the id.
 *
 * @since 0.1.0
 */
export type StateKey = string;

/** The key of one member of a family. */
export function stateKey(definition: { readonly name: string }, id: string): StateKey {
  return `${definition.name}/${id}`;
}
