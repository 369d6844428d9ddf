/** What a worker thread may use. */

/**
 * What V8 may use on each worker thread; what is left out is Node.js's own default.
 *
 * @since 0.1.0
 */
export interface ResourceLimits {
  /** The heap for what lives long, in MiB. A thread that needs more dies, and only that thread. At least 8. */
  readonly maxOldGenerationSizeMb?: number;
  /** The heap for what was made recently, in MiB. */
  readonly maxYoungGenerationSizeMb?: number;
  /** Memory for generated code, in MiB. */
  readonly codeRangeSizeMb?: number;
  /** The stack, in MiB. At least 0.5. Default 4. */
  readonly stackSizeMb?: number;
}
