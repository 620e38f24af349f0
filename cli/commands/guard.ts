/** `lumos __guard FOLDER`: waits for the end of stdin, then ends the nodes that live in the folder, and removes it. */
import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { tmpdir } from 'node:os'
import { resolvePaths } from '../../core/paths.ts'
import { isRunning } from '../../core/process.ts'
import type { Cli } from '../cli.ts'
import { TEMPORARY_PREFIX } from '../demo-nodes.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { readRunFile } from '../run-file.ts'

/** A node that was being started says who it is within this time. */
const LATE_STARTS_MS = 3000
/** As long as a node may take for its good-bye. */
const FAREWELL_MS = 6000
const LOOK_MS = 100

export function define(command: LumosCommand, cli: Cli): void {
  command.argument('<folder>').action(async (folder: string) => {
    await cli.terminal.input.readAll()
    // Whatever it is told: nothing but what `lumos` itself made for the moment.
    const isOurs = folder === join(tmpdir(), basename(folder))
    if (isOurs && basename(folder).startsWith(TEMPORARY_PREFIX)) await clear(folder, cli)
  })
}

async function clear(folder: string, { clock }: Cli): Promise<void> {
  const begun = clock.monotonic()
  const told = new Map<number, number>()
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- polling: nothing tells of the end of a stranger
    const homes = await readdir(folder).catch(() => undefined)
    // They were ended in order.
    if (homes === undefined) return
    // oxlint-disable-next-line no-await-in-loop -- as above
    const running = await runningIn(folder, homes)
    const now = clock.monotonic()
    if (running.length === 0 && now - begun > LATE_STARTS_MS) break
    for (const pid of running) {
      const since = told.get(pid)
      if (since === undefined) signal(pid, 'SIGTERM')
      else if (now - since > FAREWELL_MS) signal(pid, 'SIGKILL')
      told.set(pid, since ?? now)
    }
    // oxlint-disable-next-line no-await-in-loop -- as above
    await clock.sleep(LOOK_MS)
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

async function runningIn(folder: string, homes: readonly string[]): Promise<readonly number[]> {
  const found = await Promise.all(
    homes.map(async (home) => {
      const run = await readRunFile(resolvePaths({ LUMOS_HOME: join(folder, home) }).run)
      return run !== undefined && run.exit === undefined && isRunning(run.pid) ? [run.pid] : []
    })
  )
  return found.flat()
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    // It went in that moment.
  }
}
