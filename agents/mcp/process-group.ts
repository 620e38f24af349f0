/** A child process with all its descendants: servers are often started by a starter (npx, uvx, a shell). */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

export interface ProcessGroup {
  readonly pid: number | undefined
  /** Absent where there are no descriptors left: such a child has no streams at all, whatever Node's types say. */
  readonly streams: ProcessStreams | undefined
  /** Resolves when the first process is gone, and all that it started were told to end. */
  readonly gone: Promise<ProcessEnd>
  /** Ends its input, then asks, then kills; resolves when it is gone. */
  stop(): Promise<void>
}

export interface ProcessStreams {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
}

export interface ProcessEnd {
  readonly code: number | null
  readonly signal: string | null
  /** When it could not be started at all. */
  readonly error?: Error
}

export interface ProcessInit {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

export function startProcessGroup(
  { clock }: { readonly clock: Clock },
  { command, args, cwd, env }: ProcessInit
): ProcessGroup {
  // A session of its own makes it the leader of a group, which one signal reaches as a whole; and
  // Ctrl-C in the terminal of a foreground daemon reaches the daemon alone.
  const child = spawn(command, args, { cwd, env, detached: true, stdio: 'pipe' })
  const { promise: gone, resolve } = Promise.withResolvers<ProcessEnd>()
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // Nobody is left.
    }
  }
  child.once('error', (error) => resolve({ code: null, signal: null, error }))
  child.once('exit', (code, signal) => {
    // What a starter leaves behind would hold on to files and ports that its successor needs.
    signalGroup('SIGKILL')
    resolve({ code, signal })
  })
  // A server that has just died makes writing fail; that it died is told by its exit.
  const streams = streamsOf(child)
  streams?.stdin.on('error', () => {})

  async function goneWithin(ms: number): Promise<boolean> {
    const waited = new AbortController()
    const inTime = gone.then(() => true)
    const late = clock.sleep(ms, waited.signal).then(() => false)
    try {
      return await Promise.race([inTime, late])
    } finally {
      waited.abort()
    }
  }

  return {
    pid: child.pid,
    streams,
    gone,
    async stop() {
      streams?.stdin.end()
      if (!(await goneWithin(LIMITS.mcpStop.value))) {
        signalGroup('SIGTERM')
        if (!(await goneWithin(LIMITS.mcpStop.value))) signalGroup('SIGKILL')
      }
      await gone
      streams?.stdout.destroy()
      streams?.stderr.destroy()
    }
  }
}

function streamsOf({
  stdin,
  stdout,
  stderr
}: Partial<Pick<ChildProcess, 'stdin' | 'stdout' | 'stderr'>>): ProcessStreams | undefined {
  return stdin && stdout && stderr ? { stdin, stdout, stderr } : undefined
}
