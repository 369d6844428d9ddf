/** Packs the project and installs the tarball in an empty folder outside of it, as a user would. */

import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../docs/markdown.ts";
import { runProcess } from "./run-process.ts";

/** What `npm pack --json` says of a tarball; sizes in bytes. */
export interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

export interface Installed {
  /** The folder of a project that has nothing but the package under `node_modules`. */
  readonly project: string;
  /** The folder of the installed package. */
  readonly packageFolder: string;
  /** The folder from which the package's dependencies are found: links lead to the project's own. */
  readonly dependent: string;
  readonly report: PackReport;
  /** Removes all of it. */
  remove(): void;
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/**
 * Packs and installs. The dependencies are links to the project's own copies, so that no network is needed; with
 * `TROUPE_INSTALL=registry` they come from the registry, in the newest versions that the package accepts.
 */
export async function installPackage(): Promise<Installed> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "troupe-package-")));
  const remove = (): void => rmSync(folder, { recursive: true });
  try {
    return { ...(await installIn(folder)), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function installIn(folder: string): Promise<Omit<Installed, "remove">> {
  const project = join(folder, "project");
  mkdirSync(project);
  const packed = await npm(root, "pack", "--json", "--ignore-scripts", "--pack-destination", folder);
  const [report] = JSON.parse(packed) as [PackReport];
  const { dependencies, peerDependencies } = readManifest();
  const isLinked = process.env["TROUPE_INSTALL"] !== "registry";
  // what a user installs besides: valibot for schemas, tsx for TypeScript; links have to be there for the rest as well
  const wanted = { ...(isLinked ? dependencies : { valibot: dependencies["valibot"] }), ...peerDependencies };
  const manifest = {
    name: "project",
    private: true,
    type: "module",
    dependencies: {
      troupe: `file:../${report.filename}`,
      ...(isLinked ? Object.fromEntries(Object.keys(wanted).map((name) => [name, linkTo(name)])) : wanted),
    },
  };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  // npm would build what it links to
  const mode = isLinked ? ["--offline", "--ignore-scripts"] : ["--prefer-offline"];
  await npm(project, "install", "--no-audit", "--no-fund", ...mode);
  const packageFolder = join(project, "node_modules/troupe");
  const dependent = isLinked ? root : packageFolder;
  return { project, packageFolder, dependent, report };
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
}

function linkTo(name: string): string {
  return `file:${join(root, "node_modules", name)}`;
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const { code, output, errors } = await runProcess(cwd, "npm", ...args);
  if (code !== 0) throw new Error(`npm ${args.join(" ")} ended with ${code}: ${errors}${output}`);
  return output;
}
