/** Runs the real `lumos` binary for a test, each node with a home and a runtime folder of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const BINARY = join(import.meta.dirname, '../../bin/lumos.cjs')

export interface Finished {
  /** `null` when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Ready {
  readonly peerId: string
  readonly name: string
  readonly addresses: readonly string[]
  readonly pid: number
}

export interface LumosInit {
  readonly home: string
  /** Default: a folder inside the home, so that no node of this machine is found by chance. */
  readonly runtime?: string
  readonly env?: Readonly<Record<string, string>>
  /** Of the network; `ip netns exec` becomes node by exec(2), so that signals reach it. */
  readonly namespace?: string
}

export interface Lumos {
  readonly env: NodeJS.ProcessEnv
  run(args: readonly string[], input?: string): Promise<Finished>
  /** Starts the command in the foreground and resolves at its READY line. */
  daemon(args: readonly string[]): Promise<Ready>
  /** Ends the daemon with `signal` (default SIGTERM, then SIGKILL after 10 s) and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

export function createLumos({
  home,
  runtime = join(home, 'run'),
  env = {},
  namespace
}: LumosInit): Lumos {
  const environment: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: home,
    LUMOS_HOME: home,
    LUMOS_RUNTIME_DIR: runtime,
    // Nobody's Ollama is asked; port 9 of loopback discards.
    OLLAMA_HOST: '127.0.0.1:9',
    ...env
  }
  let daemon: ChildProcess | undefined

  function start(args: readonly string[]): ChildProcess {
    const command = [process.execPath, BINARY, ...args]
    const [program = '', ...rest] =
      namespace === undefined ? command : ['ip', 'netns', 'exec', namespace, ...command]
    return spawn(program, rest, { env: environment, stdio: 'pipe' })
  }

  return {
    env: environment,
    async run(args, input = '') {
      const child = start(args)
      child.stdin?.on('error', () => undefined).end(input)
      const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)]
      const code = await exitOf(child)
      return { code, stdout: await stdout, stderr: await stderr }
    },
    async daemon(args) {
      const child = start([...args, '--json'])
      daemon = child
      const stderr = textOf(child.stderr)
      for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
        const document: unknown = JSON.parse(line)
        if (isReady(document)) {
          child.stdout?.resume()
          return document
        }
      }
      throw new Error(`the daemon ended before it was ready: ${await stderr}`)
    },
    async kill(signal = 'SIGTERM') {
      const child = daemon
      daemon = undefined
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const gone = exitOf(child)
      child.kill(signal)
      const force = AbortSignal.timeout(10_000)
      force.addEventListener('abort', () => child.kill('SIGKILL'))
      await gone
    }
  }
}

function isReady(value: unknown): value is Ready {
  return typeof value === 'object' && value !== null && 'peerId' in value && 'addresses' in value
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)))
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  for await (const chunk of stream ?? []) text += String(chunk)
  return text
}
