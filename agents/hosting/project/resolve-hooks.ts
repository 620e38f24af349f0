/** Loads people's projects as their bundlers do: imports without an extension, folders, `.js` that is `.ts`. */
import { registerHooks } from 'node:module'

/** Import what follows as the project itself would: `lumos-host:@openai/agents`. */
const AS_PROJECT = 'lumos-host:'
const ENDINGS: readonly string[] = ['.ts', '.mts', '.js', '.mjs', '.json', '/index.ts', '/index.js']
const MISSING: ReadonlySet<unknown> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'MODULE_NOT_FOUND'
])

/** `project`: URL of the module whose packages are the project's. */
export function registerProjectHooks(project: string): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith(AS_PROJECT)) {
        return next(specifier.slice(AS_PROJECT.length), { ...context, parentURL: project })
      }
      try {
        return next(specifier, context)
      } catch (error) {
        const own = ownModule(specifier)
        if (own !== undefined && isMissing(error)) return next(own, context)
        if (!isMissing(error)) throw error
        if (!/^(\.{0,2}\/|file:)/.test(specifier)) {
          // What this package takes of the project it serves, as of Mastra, is the project's copy.
          if (context.parentURL?.startsWith(ROOT.href) !== true) throw error
          return next(specifier, { ...context, parentURL: project })
        }
        for (const other of others(specifier)) {
          try {
            return next(other, context)
          } catch (missing) {
            if (!isMissing(missing)) throw missing
          }
        }
        throw error
      }
    }
  })
}

/** Where this package is; its modules end as this one does, in the sources as well as compiled. */
const ROOT = new URL('../../../', import.meta.url)
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
const OWN: ReadonlyMap<string, string> = new Map([
  ['lumos-mesh', 'index'],
  ['lumos-mesh/client', 'client/client'],
  ['lumos-mesh/testing', 'node/testing'],
  ['lumos-mesh/mastra', 'integrations/mastra'],
  ['lumos-mesh/ai', 'integrations/ai']
])

/** A project that has not installed this package gets the one that hosts it. */
function ownModule(specifier: string): string | undefined {
  const module = OWN.get(specifier)
  return module === undefined ? undefined : new URL(module + EXTENSION, ROOT).href
}

export async function importAsProject(name: string): Promise<Readonly<Record<string, unknown>>> {
  return import(AS_PROJECT + name)
}

function others(specifier: string): string[] {
  const written = /\.(js|mjs|cjs)$/.exec(specifier)
  const typescript = written === null ? [] : [specifier.replace(/js$/, 'ts')]
  return [...typescript, ...ENDINGS.map((ending) => specifier + ending)]
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && MISSING.has(error.code)
}
