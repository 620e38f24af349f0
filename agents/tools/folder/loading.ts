/** Loads the files of a folder of tools that have changed; a broken one leaves what it had before. */
import { basename } from 'node:path'
import type { Clock } from '../../../core/clock.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Logger } from '../../../core/logger.ts'
import type { Tool } from '../tool.ts'
import { placeOf } from './error-place.ts'
import type { ErrorPlace } from './error-place.ts'
import { loadToolFile } from './load-file.ts'
import type { ImportModule } from './load-file.ts'
import type { ToolFile } from './read-folder.ts'

export interface LoadedFile {
  readonly version: string
  readonly tools: readonly Tool[]
  /** Why `tools` are those of an earlier version. */
  readonly problem?: ErrorPlace
}

export interface LoadingComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly importModule: ImportModule
}

/** By path. Never rejects for what is in a file. */
export type Loading = (
  files: readonly ToolFile[],
  before: ReadonlyMap<string, LoadedFile>
) => Promise<ReadonlyMap<string, LoadedFile>>

export function createLoading(
  { clock, logger, importModule }: LoadingComponents,
  folder: string
): Loading {
  async function load(file: ToolFile, before: LoadedFile | undefined): Promise<LoadedFile> {
    if (before?.version === file.version) return before
    try {
      const tools = await inTime(clock, loadToolFile(file, importModule))
      logger.info('tools of a file are loaded', {
        file: file.path,
        tools: tools.map(({ id }) => id)
      })
      return { version: file.version, tools }
    } catch (error) {
      const problem = await placeOf({ folder, file: file.path, error })
      logger.warn('a file of tools cannot be loaded', { ...problem })
      return { version: file.version, tools: before?.tools ?? [], problem }
    }
  }

  return async (files, before) => {
    const loaded = new Map<string, LoadedFile>()
    // One after the other: when one of them blocks the node, the log says which.
    // oxlint-disable-next-line no-await-in-loop
    for (const file of files) loaded.set(file.path, await load(file, before.get(file.path)))
    return loaded
  }
}

/** A module may wait for ever before it is there. */
async function inTime<T>(clock: Clock, loading: Promise<T>): Promise<T> {
  const waited = new AbortController()
  const limit = LIMITS.toolLoad.value
  const tooLong = clock.sleep(limit, waited.signal).then((passed) => {
    if (passed) throw new Error(`it took more than ${limit} ms to load`)
    return loading
  })
  try {
    return await Promise.race([loading, tooLong])
  } finally {
    waited.abort()
  }
}

export interface FolderTools {
  readonly tools: readonly Tool[]
  readonly problems: readonly ErrorPlace[]
}

/** What files have together: of twins the one in the first file by name. */
export function joinFiles(files: ReadonlyMap<string, LoadedFile>): FolderTools {
  const taken = new Map<string, { readonly tool: Tool; readonly file: string }>()
  const problems: ErrorPlace[] = []
  for (const [path, { tools, problem }] of files) {
    const file = basename(path)
    if (problem !== undefined) problems.push(problem)
    for (const tool of tools) {
      const name = `${tool.id}@${tool.version}`
      const twin = taken.get(name)
      if (twin === undefined) taken.set(name, { tool, file })
      else problems.push({ file, reason: `${name} is also in ${twin.file}, and used from there` })
    }
  }
  return { tools: Array.from(taken.values(), ({ tool }) => tool), problems }
}
