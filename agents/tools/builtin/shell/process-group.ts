/** Runs one program with all that it starts, and ends all of it when it is over. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { Readable } from 'node:stream'
import type { Clock } from '../../../../core/clock.ts'

export interface Command {
  /** Absolute: nobody looks for it. */
  readonly program: string
  readonly args: readonly string[]
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly input: string
  /** Bytes kept of each of both outputs; the rest is read and dropped, so that nobody waits for us. */
  readonly most: number
}

export interface CommandOutcome {
  /** `null` when a signal ended it. */
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: Output
  readonly stderr: Output
}

export interface Output {
  readonly bytes: Uint8Array
  readonly truncated: boolean
}

/** For reading two pipes of 64 KiB each, which takes a few milliseconds. */
const DRAIN_MS = 500

/**
 * Resolves when the program has ended, and everything in its process group was killed: what a command
 * leaves running in the background ends with it. An aborted `signal` kills the group, and rejects
 * with its reason. Only what left the group on purpose (`setsid`) is out of reach.
 *
 * @throws what the system says when the program cannot be started
 */
export async function runCommand(
  clock: Pick<Clock, 'sleep'>,
  { program, args, directory, environment, input, most }: Command,
  signal: AbortSignal
): Promise<CommandOutcome> {
  signal.throwIfAborted()
  const child: ChildProcess = spawn(program, args, {
    cwd: directory,
    env: environment,
    // A group of its own, which can be killed whole.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe']
  })
  // At once: a failure that nobody listens to ends the node.
  const over = ended(child)
  // Without file descriptors (EMFILE) it has no streams at all.
  const { stdin, stdout: out, stderr: errors } = child
  const close = (): void => {
    out?.destroy()
    errors?.destroy()
  }
  const end = (): void => {
    killGroup(child)
    close()
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    const outputs = Promise.all([gather(out, most), gather(errors, most)])
    // It may end without reading: then there is nobody to write to.
    stdin?.on('error', () => {})
    stdin?.end(input)
    const [code, killedBy] = await over
    killGroup(child)
    // What is in the pipes is still there. Who has left the group may hold them open for ever.
    const waited = new AbortController()
    await Promise.race([outputs, clock.sleep(DRAIN_MS, waited.signal)])
    waited.abort()
    close()
    const [stdout, stderr] = await outputs
    signal.throwIfAborted()
    return { code, signal: killedBy, stdout, stderr }
  } finally {
    signal.removeEventListener('abort', end)
    close()
  }
}

function ended(child: ChildProcess): Promise<readonly [number | null, string | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve([code, signal]))
  })
}

/** The number of a group is not given away while anybody is in it, and we kill only right behind the end. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left in it.
  }
}

async function gather(stream: Readable | null, most: number): Promise<Output> {
  const chunks: Uint8Array[] = []
  let kept = 0
  let truncated = false
  try {
    for await (const chunk of (stream ?? Readable.from([])) as AsyncIterable<Uint8Array>) {
      const room = most - kept
      if (chunk.length > room) truncated = true
      if (room > 0) chunks.push(chunk.subarray(0, room))
      kept += Math.min(chunk.length, Math.max(room, 0))
    }
  } catch {
    // A pipe that breaks has no more to say.
  }
  return { bytes: Buffer.concat(chunks, kept), truncated }
}
