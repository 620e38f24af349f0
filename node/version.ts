/** The version of this package, from its package.json, wherever it is installed. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Looks upwards from here: sources lie one folder below package.json, compiled files two. */
export function packageVersion(): string {
  let folder = import.meta.dirname
  for (;;) {
    try {
      const document: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (isPackage(document)) return document.version
    } catch {
      // Not here; look one folder up.
    }
    const parent = dirname(folder)
    if (parent === folder) return '0.0.0'
    folder = parent
  }
}

function isPackage(value: unknown): value is { readonly version: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    value.name === 'lumos-mesh' &&
    'version' in value &&
    typeof value.version === 'string'
  )
}
