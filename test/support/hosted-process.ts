/** A hosted process that a test plays itself: what it is told, and what it says. */
import type { HostProcess, ProcessEvents, StartProcess } from '../../agents/hosting/host-process.ts'
import type { NodeLine } from '../../agents/hosting/protocol.ts'

export interface PlayedProcess {
  readonly told: readonly NodeLine[]
  readonly signals: readonly string[]
  /** Whether its lines are read. */
  readonly reading: boolean
  say(line: object | string): void
  print(text: string): void
  /** It ends by itself. */
  end(how: string): void
  /** What it uses of memory, as the node sees it. */
  rss: number
  /** What it has not read of what it was told. */
  unread: number
}

export interface Stage {
  readonly start: StartProcess
  readonly processes: readonly PlayedProcess[]
  /** The one that was started last. */
  current(): PlayedProcess
}

/** `onStart` plays the beginning of each process, numbered from 1. */
export function createStage(onStart: (process: PlayedProcess, life: number) => void): Stage {
  const processes: PlayedProcess[] = []
  return {
    processes,
    start(_launch, events) {
      const { played, process } = play(events, processes.length + 1)
      processes.push(played)
      const life = processes.length
      queueMicrotask(() => onStart(played, life))
      return process
    },
    current() {
      const process = processes.at(-1)
      if (process === undefined) throw new Error('no process was started')
      return process
    }
  }
}

function play(
  events: ProcessEvents,
  pid: number
): { readonly played: PlayedProcess; readonly process: HostProcess } {
  const told: NodeLine[] = []
  const signals: string[] = []
  let reading = true
  let held: string[] = []
  let over = false
  const played: PlayedProcess = {
    told,
    signals,
    rss: 0,
    unread: 0,
    get reading() {
      return reading
    },
    say(line) {
      const text = typeof line === 'string' ? line : JSON.stringify(line)
      if (reading) events.line(text)
      else held.push(text)
    },
    print: (text) => events.printed('stderr', Buffer.from(text)),
    end(how) {
      if (!over) events.gone(how)
      over = true
    }
  }
  const process: HostProcess = {
    pid,
    send(line) {
      const message: NodeLine = JSON.parse(line)
      told.push(message)
      if (message.type === 'stop') queueMicrotask(() => played.end('exit code 0'))
      return played.unread
    },
    room: async () => undefined,
    read(next) {
      reading = next
      const waiting = held
      held = []
      for (const text of waiting) played.say(text)
    },
    endInput: () => undefined,
    kill(signal) {
      signals.push(signal)
      if (signal === 'SIGKILL') queueMicrotask(() => played.end('SIGKILL'))
    },
    residentBytes: () => played.rss
  }
  return { played, process }
}

export const AGENTS = {
  type: 'agents',
  protocol: 1,
  heartbeat: true,
  agents: [{ id: 'clerk', description: 'Sells.' }]
} as const
