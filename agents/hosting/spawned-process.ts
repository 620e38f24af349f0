/** Starts the process of a hosted project, in a group of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Duplex, Readable, Writable } from 'node:stream'
import { LIMITS } from '../../core/limits.ts'
import { createLineSplitter } from './line-splitter.ts'
import type { HostProcess, Launch, ProcessEvents } from './host-process.ts'

/** proc(5): statm counts pages. 4 KiB wherever Node runs on Linux, but on some ARM64 kernels, where this is too low. */
const PAGE_BYTES = 4096

export function startHostProcess(launch: Launch, events: ProcessEvents): HostProcess {
  const { command, args, cwd, env, channel } = launch
  const child = spawn(command, [...args], {
    cwd,
    env: { ...env },
    // A session of its own: Ctrl-C at the node is not for it, and all it begins can be ended with it.
    detached: true,
    stdio: channel === 'fd3' ? ['ignore', 'pipe', 'pipe', 'pipe'] : ['pipe', 'pipe', 'pipe']
  })
  let gone = false
  // At once: a failure that nobody listens to ends the node.
  child.on('error', (error) => end(`it cannot be started: ${error.message}`))
  const { input, output } = linesOf(child, channel)
  readLines(child, output, events)
  child.stderr?.on('data', (chunk: Uint8Array) => events.printed('stderr', chunk))
  if (channel === 'fd3') {
    child.stdout?.on('data', (chunk: Uint8Array) => events.printed('stdout', chunk))
  }
  // EPIPE: its end is told by `close`.
  for (const stream of [child.stdout, child.stderr, child.stdin, input]) {
    stream?.on('error', () => undefined)
  }
  let drained = Promise.withResolvers<void>()
  const freed = (): void => {
    drained.resolve()
    drained = Promise.withResolvers()
  }
  input?.on('drain', freed)
  function end(how: string): void {
    if (gone) return
    gone = true
    freed()
    // What it began and left behind must not go on without it.
    killGroup(child, 'SIGKILL')
    input?.destroy()
    events.gone(how)
  }
  // Not `close`: a grandchild that holds stdout would keep a dead process alive here.
  child.on('exit', (code, signal) => setImmediate(end, signal ?? `exit code ${code}`))
  return {
    pid: child.pid,
    send(line) {
      if (gone || input === undefined || input.destroyed) return undefined
      input.write(`${line}\n`)
      return input.writableLength
    },
    room: async () => (gone || input?.writableNeedDrain !== true ? undefined : drained.promise),
    read: (reading) => void (reading ? output?.resume() : output?.pause()),
    endInput: () => void input?.end(),
    kill: (signal) => killGroup(child, signal),
    residentBytes: () => (child.pid === undefined || gone ? undefined : residentBytes(child.pid))
  }
}

function linesOf(
  child: ChildProcess,
  channel: Launch['channel']
): { readonly input: Writable | undefined; readonly output: Readable | undefined } {
  if (channel === 'stdio')
    return { input: child.stdin ?? undefined, output: child.stdout ?? undefined }
  // Without file descriptors (EMFILE) a child has no streams at all, whatever its types say.
  const { stdio }: Partial<Pick<ChildProcess, 'stdio'>> = child
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- libuv makes every extra `pipe` a socket pair
  const socket = stdio?.[3] as Duplex | null | undefined
  return { input: socket ?? undefined, output: socket ?? undefined }
}

function readLines(child: ChildProcess, output: Readable | undefined, events: ProcessEvents): void {
  const lines = createLineSplitter({
    limit: LIMITS.hostLineBytes.value,
    onLine: events.line,
    // What stood in it cannot be told apart from what comes next: start again from the beginning.
    onLong: () => {
      events.printed(
        'stderr',
        Buffer.from(`a line of more than ${LIMITS.hostLineBytes.value} bytes\n`)
      )
      killGroup(child, 'SIGKILL')
    }
  })
  output?.on('data', (chunk: Uint8Array) => lines.push(chunk))
  output?.on('end', () => lines.end())
}

function killGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The whole group has ended.
  }
}

function residentBytes(pid: number): number | undefined {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
    return Number(pages) * PAGE_BYTES
  } catch {
    return undefined
  }
}
