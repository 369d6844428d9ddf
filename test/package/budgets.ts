/**
 * How large the package and what it installs may be: the only place with these figures. Someone who adds Troupe to a
 * project pays for all of it, so growth is a decision: raise a figure in the commit that needs it, and say why there.
 *
 * Megabytes are 10^6 bytes of files, not blocks of a disk.
 */

/** What is published. */
export const packageBudget = {
  packedMegabytes: 2.2,
  unpackedMegabytes: 7.8,
  files: 550,
};

/**
 * What `npm install troupe` adds besides: direct dependencies, all packages with theirs, and their size. Half of the size is
 * LMDB's native part, which differs between platforms: 16 MB on Linux.
 */
export const dependencyBudget = {
  direct: 7,
  packages: 22,
  megabytes: 34,
};
