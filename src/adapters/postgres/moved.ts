/** The part of each statement of an owner that is its fence. */

/**
 * A statement that moves the head, and does what `parts` say. These are further parts of its `with`. Each of them reads `moved`, which is empty where
 * the head isn't this owner's any more. Its first eight parameters are the epoch, the session and the position of the owner; then the position, the time and the next number of a key
 * afterwards; the lease in milliseconds; and the cell. What it gives is 1 where the head was moved, and 0 where nothing was done.
 *
 * @param into for a statement in a function of PL/pgSQL: the `into` clause that names the variable of the result.
 */
export function moving(schema: string, parts: string, into = ""): string {
  return `with moved as (
    update ${schema}.head set position = $4, time = $5, next_id = $6, lease_until = clock_timestamp() + $7::float8 * interval '1 millisecond'
    where cell = $8 and epoch = $1 and session = $2 and position = $3 returning 1
  )${parts} select count(*)::int as kept ${into} from moved`;
}
