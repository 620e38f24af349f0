/** This package as it is installed: where it lies, and which version it is. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder of package.json. Sources lie one folder below it, compiled files two. */
export function packageRoot(): string {
  return find()?.folder ?? import.meta.dirname
}

export function packageVersion(): string {
  return find()?.version ?? '0.0.0'
}

/** Looks upwards from here. */
function find(): { readonly folder: string; readonly version: string } | undefined {
  let folder = import.meta.dirname
  for (;;) {
    try {
      const document: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (isPackage(document)) return { folder, version: document.version }
    } catch {
      // Not here; look one folder up.
    }
    const parent = dirname(folder)
    if (parent === folder) return undefined
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
