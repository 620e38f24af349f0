/** Loads files of a folder of tools as if they were in a project that has installed this package. */
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

export interface ModuleHooksInit {
  readonly folder: string
  /** What `import 'lumos-mesh'` means where no package of that name is installed. */
  readonly packageUrl: string
  /** Version of the files that help: those are loaded anew when one of them has changed. */
  readonly helpers: () => string
}

const PACKAGE = 'lumos-mesh'

/** The returned function takes the hooks away. */
export function hookModules({ folder, packageUrl, helpers }: ModuleHooksInit): () => void {
  const inside = `${pathToFileURL(folder).href}/`
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (context.parentURL?.startsWith(inside) !== true) return next(specifier, context)
      if (specifier === PACKAGE) return next(packageUrl, context)
      const resolved = next(specifier, context)
      const isHelper = resolved.url.startsWith(inside) && !resolved.url.includes('?')
      return isHelper ? { ...resolved, url: `${resolved.url}?v=${helpers()}` } : resolved
    }
  })
  return () => hooks.deregister()
}
