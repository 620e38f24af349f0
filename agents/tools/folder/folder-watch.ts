/** Tells when the files of a folder have changed and come to rest, whether the folder is there or not. */
import { watch } from 'node:fs'
import type { Clock } from '../../../core/clock.ts'
import { LIMITS } from '../../../core/limits.ts'

/**
 * Tells of changes in a folder until the returned function is called.
 *
 * @throws when there is no such folder
 */
export type WatchFolder = (folder: string, onChange: () => void) => () => void

/** The files in it alone: to watch folders in folders misses files that editors replace. */
export const watchFolder: WatchFolder = (folder, onChange) => {
  const watcher = watch(folder, { persistent: false }, onChange)
  // A folder that can be watched no more has changed in any case.
  watcher.on('error', onChange)
  return () => watcher.close()
}

export interface NextChangeComponents {
  readonly clock: Pick<Clock, 'after'>
  readonly watch: WatchFolder
}

/**
 * Watches from the call on; resolves some time after the last of the changes that come together, and with `stopped`.
 * A folder that is not there is looked for again instead.
 */
export async function nextChange(
  { clock, watch: begin }: NextChangeComponents,
  folder: string,
  stopped: AbortSignal
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const open: { timer?: () => void; watch?: () => void } = {}
  const within = (ms: number): void => {
    open.timer?.()
    open.timer = clock.after(ms, resolve)
  }
  const end = (): void => resolve()
  stopped.addEventListener('abort', end)
  if (stopped.aborted) end()
  try {
    open.watch = begin(folder, () => within(LIMITS.toolReload.value))
  } catch {
    within(LIMITS.toolFolderLook.value)
  }
  await promise
  stopped.removeEventListener('abort', end)
  open.timer?.()
  open.watch?.()
}
