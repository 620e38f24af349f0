/** Tells when somebody saves a file of a project. */
import { readdirSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { LIMITS } from '../../core/limits.ts'

/** What agents are made of; other files are mostly what they write. */
const ENDINGS: ReadonlySet<string> = new Set([
  '.ts',
  '.mts',
  '.cts',
  '.js',
  '.mjs',
  '.cjs',
  '.json',
  '.md',
  '.txt',
  '.yaml',
  '.yml'
])
const PASSED_OVER: ReadonlySet<string> = new Set(['node_modules', 'dist', 'build', 'coverage'])

/**
 * Folder by folder, as watching a whole tree means to watch its packages, too. Folders beyond
 * `LIMITS.devFolders` are not watched. Returns what ends it.
 */
export function watchSources(folder: string, onSaved: (file: string) => void): () => void {
  const watchers = new Map<string, FSWatcher>()

  function forget(path: string): void {
    watchers.get(path)?.close()
    watchers.delete(path)
  }

  function enter(path: string): void {
    if (watchers.has(path) || watchers.size >= LIMITS.devFolders.value) return
    let folders: string[]
    try {
      watchers.set(path, watchOne(path))
      folders = readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() && isOwn(entry.name) ? [join(path, entry.name)] : []
      )
    } catch {
      // It has gone meanwhile, or may not be read: nothing in it can be saved for us.
      return forget(path)
    }
    for (const each of folders) enter(each)
  }

  function watchOne(path: string): FSWatcher {
    const watcher = watch(path, { persistent: false }, (event, name) => {
      if (name === null || !isOwn(name)) return
      if (ENDINGS.has(extname(name)) || name === '.env') onSaved(join(path, name))
      // A folder that is new, or a file: entering a file fails, and that is all.
      else if (event === 'rename' && extname(name) === '') enter(join(path, name))
    })
    watcher.on('error', () => forget(path))
    return watcher
  }

  enter(folder)
  return () => {
    for (const path of watchers.keys()) forget(path)
  }
}

function isOwn(path: string): boolean {
  const name = basename(path)
  return name === '.env' || !(name.startsWith('.') || PASSED_OVER.has(name))
}
