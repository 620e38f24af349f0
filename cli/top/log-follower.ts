/** Follows the log of the node while somebody looks at it. */
import type { LogLine } from '../../client/api.ts'
import type { Client } from '../../client/calls.ts'
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import { withFailure, withLogLines, type Data } from './data.ts'

const FIRST_LINES = 300
/** Lines of one moment are one frame. */
const PAUSE_MS = 100

export interface LogFollowerComponents {
  readonly source: Pick<Client, 'logs'>
  readonly clock: Clock
  readonly apply: (change: (data: Data) => Data) => void
}

type Level = LogLine['level']

export class LogFollower {
  readonly #source: LogFollowerComponents['source']
  readonly #clock: Clock
  readonly #apply: LogFollowerComponents['apply']
  #followed: Level | undefined
  #stop = new AbortController()
  #reading: Promise<void> = Promise.resolve()
  #fresh: LogLine[] = []
  #cancelPause: (() => void) | undefined

  constructor({ source, clock, apply }: LogFollowerComponents) {
    this.#source = source
    this.#clock = clock
    this.#apply = apply
  }

  /** `undefined`: nobody looks. What is followed already goes on. */
  follow(level: Level | undefined): void {
    if (level === this.#followed) return
    this.#end()
    this.#followed = level
    if (level === undefined) return
    this.#stop = new AbortController()
    this.#reading = this.#read(level, true, this.#stop.signal)
  }

  /** What is kept now. */
  async readOnce(level: Level): Promise<void> {
    await this.#read(level, false, this.#stop.signal)
    this.#cancelPause?.()
    this.#flush()
  }

  async close(): Promise<void> {
    this.#end()
    await this.#reading
  }

  async #read(level: Level, follow: boolean, signal: AbortSignal): Promise<void> {
    this.#apply((data) => ({ ...data, logs: [] }))
    try {
      for await (const line of this.#source.logs(
        { follow, level, limit: FIRST_LINES },
        { signal }
      )) {
        if (signal.aborted) return
        this.#fresh.push(line)
        this.#cancelPause ??= this.#clock.after(PAUSE_MS, () => this.#flush())
      }
      this.#apply((data) => withFailure(data, 'logs', undefined))
    } catch (cause) {
      if (signal.aborted) return
      this.#apply((data) => withFailure(data, 'logs', toLumosError(cause).toWire()))
    }
    // The next look begins anew.
    if (!signal.aborted) this.#followed = undefined
  }

  #flush(): void {
    this.#cancelPause = undefined
    const lines = this.#fresh
    this.#fresh = []
    this.#apply((data) => withLogLines(data, lines))
  }

  #end(): void {
    this.#stop.abort()
    this.#cancelPause?.()
    this.#cancelPause = undefined
    this.#fresh = []
  }
}
