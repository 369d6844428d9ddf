/**
 * The tag by which the plain form of a value says of what it is the form. All tags are listed here, since they share one field:
 * that of an actor ref, which travels so, and those of the values that are recorded so.
 */

/** The field that has the tag. */
export const tagField = "@troupe";

/** An actor ref, as it travels and as it is recorded. */
export const refTag = "ref";

/** Values that states can't have, in their recorded form; `object` is plain data that looks as if it had one of these tags. */
export const recordedTags = ["payload", "date", "map", "set", "bytes", "object"] as const;

export type RecordedTag = (typeof recordedTags)[number];
