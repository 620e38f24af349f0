/** One node of the soak: a daemon in a process of its own as people run it, with a probe inside. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, type Client } from '../../client/client.ts'
import { compileCacheDirectory } from '../../core/paths.ts'
import { THRIFTY_GLIBC } from '../../cli/thrifty-glibc.ts'
import { firstLine } from '../../test/support/child-process.ts'

const BINARY = join(import.meta.dirname, '../../bin/lumos.cjs')
const PROBE = join(import.meta.dirname, 'probe.cjs')
/** What `stop()` promises is 5 s; a daemon ends by force after 15. */
const STOP_MS = 20_000

export interface SoakNodeInit {
  readonly folder: string
  readonly name: string
  readonly swarmKey: string
  readonly bootstrap: () => readonly string[]
  readonly modelUrl: string
  /** How long ended tasks are kept: short, so that what is forgotten soon equals what comes. */
  readonly retention: string
  readonly sampleMs: number
  readonly censusMs: number
}

interface Ready {
  /** Absent when it did not start. */
  readonly peerId?: string
  readonly addresses: readonly string[]
}

/** How a client over HTTP reaches it. */
export interface Door {
  readonly url: string
  readonly token: string
}

export class SoakNode {
  readonly name: string
  readonly home: string
  readonly client: Client
  readonly env: NodeJS.ProcessEnv
  readonly #init: SoakNodeInit
  #child: ChildProcess | undefined
  #token: string | undefined
  door: Door | undefined
  addresses: readonly string[] = []
  /** Of performance.now(): what was asked before either of them may have failed for that. */
  startedAt = Infinity
  stoppedAt = 0
  #exits: string[] = []

  constructor(init: SoakNodeInit) {
    this.#init = init
    this.name = init.name
    this.home = join(init.folder, init.name)
    this.client = createClient({ socket: join(this.home, 'lumos.sock') })
    this.env = this.#environment()
  }

  get pid(): number | undefined {
    return this.isUp ? this.#child?.pid : undefined
  }

  get isUp(): boolean {
    return this.startedAt < Infinity
  }

  /** Ends that nobody asked for. */
  get unasked(): readonly string[] {
    return this.#exits
  }

  get probeFile(): string {
    return join(this.home, 'probe.jsonl')
  }

  async start(): Promise<void> {
    await mkdir(this.home, { recursive: true })
    const bootstrap = this.#init.bootstrap().filter((address) => !this.addresses.includes(address))
    const log = openSync(join(this.home, 'stderr.log'), 'a')
    const child = spawn(process.execPath, [BINARY, 'daemon', '--json'], {
      env: { ...this.env, LUMOS_BOOTSTRAP: bootstrap.join(',') },
      stdio: ['ignore', 'pipe', log]
    })
    this.#child = child
    child.once('exit', (code, signal) => {
      if (this.#child === child && this.isUp) {
        this.#exits.push(`${this.name} ended by itself: ${signal ?? code}`)
        this.#down()
      }
    })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the daemon documents
    const ready = JSON.parse(await firstLine(child)) as Ready
    if (ready.peerId === undefined) throw new Error(JSON.stringify(ready))
    this.addresses = ready.addresses
    this.door = await this.#openDoor()
    this.startedAt = performance.now()
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#down()
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const force = setTimeout(() => {
      this.#exits.push(`${this.name} did not stop within ${STOP_MS / 1000} s`)
      child.kill('SIGKILL')
    }, STOP_MS)
    await gone
    clearTimeout(force)
  }

  #down(): void {
    this.startedAt = Infinity
    this.stoppedAt = performance.now()
    this.door = undefined
  }

  async #openDoor(): Promise<Door | undefined> {
    const { gateway } = await this.client.status()
    if (gateway === null) return undefined
    this.#token ??= (await this.client.auth.createToken({ name: 'soak' })).secret
    return { url: gateway.url, token: this.#token }
  }

  #environment(): NodeJS.ProcessEnv {
    const { swarmKey, modelUrl, retention, sampleMs, censusMs } = this.#init
    return {
      PATH: process.env['PATH'],
      HOME: this.home,
      // Compiled once, and not once a node.
      NODE_COMPILE_CACHE: compileCacheDirectory(process.env),
      // For whoever looks for a leak: `--heap-prof`, `--cpu-prof`.
      NODE_OPTIONS: `--require ${PROBE} ${process.env['SOAK_NODE_OPTIONS'] ?? ''}`,
      SOAK_PROBE: this.probeFile,
      SOAK_SAMPLE_MS: String(sampleMs),
      SOAK_CENSUS_MS: String(censusMs),
      // As `lumos up` and the container have it.
      ...THRIFTY_GLIBC,
      LUMOS_HOME: this.home,
      LUMOS_RUNTIME_DIR: join(this.home, 'run'),
      LUMOS_NAME: this.name,
      LUMOS_SWARM_KEY: swarmKey,
      LUMOS_LISTEN: '/ip4/127.0.0.1/tcp/0',
      LUMOS_DISCOVERY_MDNS: 'false',
      LUMOS_DISCOVERY_SAME_HOST: 'false',
      LUMOS_GATEWAY_PORT: '0',
      LUMOS_TASKS_RETENTION: retention,
      OPENAI_BASE_URL: modelUrl,
      OLLAMA_HOST: '127.0.0.1:9'
    }
  }
}
