#!/usr/bin/env node
/** What `troupe` starts with. All else is loaded as V8 has compiled it before, where Node.js keeps that (22.8 on), also in threads. */

import * as module from "node:module";

(module as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();
await import("./troupe-process.ts");
