/** Which of the arguments of Node.js that the process was started with its threads get. */

/** Arguments of Node.js that concern how modules are found and run, and have a value after them. */
const moduleArguments = /^(--(import|require|loader|experimental-loader|conditions)|-[rC])$/;
/** The same, in one. */
const moduleFlags =
  /^--((import|require|loader|experimental-loader|conditions)=|experimental-|enable-source-maps|preserve-symlinks|(no|disable)-warning)/;

/**
 * The arguments of Node.js that threads get, or `undefined` for those of the process. tsx's loader takes twice the time to
 * start when it is given there; a thread registers it by itself when it has TypeScript to load. Without the loader only
 * some arguments can be given: threads refuse to start with those of V8 and of the process, such as --max-old-space-size.
 */
export function threadArguments(execArgv: readonly string[]): string[] | undefined {
  const isLoader = (text: string | undefined): boolean => /(^|[\\/=])tsx([\\/]|$)/.test(text ?? "");
  if (!execArgv.some(isLoader)) return undefined;
  const kept: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const argument = execArgv[i] as string;
    if (moduleArguments.test(argument)) {
      const value = execArgv[++i];
      if (value !== undefined && !isLoader(value)) kept.push(argument, value);
    } else if (moduleFlags.test(argument) && !isLoader(argument)) kept.push(argument);
  }
  return kept;
}
