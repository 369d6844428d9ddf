/**
 * The tag in the plain form of a value says what kind of value that is the form of. All tags share one field, so all are
 * listed here: the tag of actor refs, for travel and for records, and the tags of values in their recorded form.
 */

/** The field that has the tag. */
export const tagField = "@troupe";

/** An actor ref, as it travels and as it is recorded. */
export const refTag = "ref";

/** The tags of values that a state can't hold. `object` is for plain data that has such a tag as its own field. */
export const recordedTags = ["payload", "date", "map", "set", "bytes", "object"] as const;

export type RecordedTag = (typeof recordedTags)[number];
