export const floors: readonly (readonly string[])[];
export const inner: Readonly<Record<string, readonly (readonly string[])[]>>;
