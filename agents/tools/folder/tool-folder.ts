/** Keeps the tools of a folder as its files are: loaded when they change, gone when they go. */
import type { Clock } from '../../../core/clock.ts'
import type { Component } from '../../../core/component.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Logger } from '../../../core/logger.ts'
import type { Tool } from '../tool.ts'
import { placeOf } from './error-place.ts'
import type { ErrorPlace } from './error-place.ts'
import type { ImportModule } from './load-file.ts'
import { createLoading, joinFiles } from './loading.ts'
import type { LoadedFile } from './loading.ts'
import { hookModules } from './module-hooks.ts'
import { nextChange } from './folder-watch.ts'
import type { WatchFolder } from './folder-watch.ts'
import { readFolder } from './read-folder.ts'

export interface ToolFolderComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly importModule: ImportModule
  readonly watch: WatchFolder
  /** Takes all tools of the folder. */
  readonly assign: (tools: readonly Tool[]) => void
}

export interface ToolFolderInit {
  /** Absolute; need not be there yet. */
  readonly folder: string
  /** See `hookModules`. */
  readonly packageUrl: string
}

export interface ToolFolder extends Component {
  /** What could not be loaded, as it is now; what such a file had before goes on serving. */
  problems(): readonly ErrorPlace[]
}

export function createToolFolder(
  { clock, logger, importModule, watch, assign }: ToolFolderComponents,
  { folder, packageUrl }: ToolFolderInit
): ToolFolder {
  const load = createLoading({ clock, logger, importModule }, folder)
  let files: ReadonlyMap<string, LoadedFile> = new Map()
  let problems: readonly ErrorPlace[] = []
  let helpers = ''
  let unhook: (() => void) | undefined
  let stopping = new AbortController()
  let work: Promise<void> | undefined

  async function look(): Promise<void> {
    try {
      const content = await readFolder(folder)
      helpers = content?.helpers ?? ''
      files = await load(content?.files ?? [], files)
      const found = joinFiles(files)
      problems = found.problems
      assign(found.tools)
    } catch (error) {
      // What was there before goes on serving.
      const problem = await placeOf({ folder, file: folder, error })
      problems = [problem]
      logger.warn('the folder of tools cannot be used', { folder, reason: problem.reason })
    }
  }

  async function keep(stopped: AbortSignal, looked: () => void): Promise<void> {
    while (!stopped.aborted) {
      // Watched first, so that no change falls between the look and the watch.
      const changed = nextChange({ clock, watch }, folder, stopped)
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await look()
      looked()
      // oxlint-disable-next-line no-await-in-loop -- until there is something to look at
      await changed
    }
  }

  return {
    async start() {
      if (work !== undefined) return
      stopping = new AbortController()
      unhook = hookModules({ folder, packageUrl, helpers: () => helpers })
      const first = Promise.withResolvers<void>()
      work = keep(stopping.signal, first.resolve)
      const waited = new AbortController()
      await Promise.race([first.promise, clock.sleep(LIMITS.toolStart.value, waited.signal)])
      waited.abort()
    },
    async stop() {
      stopping.abort()
      await work
      work = undefined
      unhook?.()
    },
    problems: () => problems
  }
}
