/** The keys of the store. */

/** A key of the store: the family's name, a slash and the id. */
export type StateKey = string;

/** The key of one member of a family. */
export function stateKey(definition: { readonly name: string }, id: string): StateKey {
  return `${definition.name}/${id}`;
}
