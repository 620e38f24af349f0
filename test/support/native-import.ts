/** Imports a module as Node does: what vitest puts in the place of `import` reads every file through its own eyes. */
import { constants, runInThisContext } from 'node:vm'

export const nativeImport = runInThisContext('(url) => import(url)', {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
}) as (url: string) => Promise<unknown>
