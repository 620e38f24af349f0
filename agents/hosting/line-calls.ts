/** Calls of one run over lines, the same at both ends: answers come piece by piece, as fast as they are taken. */
import { LumosError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { AnsweredCalls } from './answered-calls.ts'
import { AskedCalls } from './asked-calls.ts'
import type { CallFailure, CallLine } from './call-lines.ts'

/** A call that the other end makes. */
export interface MadeCall {
  readonly method: string
  readonly params: JsonObject
  /** Whether its items are wanted one by one. */
  readonly streams: boolean
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal
}

/** A value, or items and then a value. */
export type Answer = Promise<unknown> | AsyncGenerator<unknown, unknown, void>

/** By the name of the method. */
export type Answers = Readonly<Record<string, (call: MadeCall) => Answer>>

export interface LineCallsComponents {
  /** Takes a line, and resolves when there is room for another one. */
  readonly write: (text: string) => Promise<void>
  readonly answers: Answers
  /** What the other end is told of a failure of ours. */
  readonly failureOf: (error: unknown) => CallFailure
  /** Told how many calls and bytes the other end makes this one hold, less when they are let go. */
  readonly account: (calls: number, bytes: number) => void
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly onItem?: (item: Json) => void
}

export interface LineCalls {
  /** @throws what the other end failed with; the reason of `signal` or of {@link close} */
  call(method: string, params: object, options?: CallOptions): Promise<Json>
  /** Items as they come, then the value; @throws as {@link call} */
  stream(method: string, params: object, signal?: AbortSignal): AsyncGenerator<Json, Json, void>
  /** A line of this run; @throws ProtocolFlaw for what an honest end never says */
  hear(line: CallLine, bytes: number): void
  /** The run is over: what is open ends with `reason`, and nothing more is said or heard. */
  close(reason: unknown): void
}

/** What both directions share. */
export interface CallPipe extends Omit<LineCallsComponents, 'write'> {
  readonly run: string
  /** Nothing after the end of the run; resolves when there is room for more. @throws PAYLOAD_TOO_LARGE */
  readonly say: (line: CallLine) => Promise<void>
}

export function createLineCalls(components: LineCallsComponents, run: string): LineCalls {
  let closed: { readonly reason: unknown } | undefined
  const pipe: CallPipe = {
    ...components,
    run,
    say(line) {
      const text = encoded(line)
      return closed === undefined ? components.write(text) : Promise.resolve()
    }
  }
  const asked = new AskedCalls(pipe)
  const answered = new AnsweredCalls(pipe)
  const window = LIMITS.hostCallWindow.value

  return {
    stream: (method, params, signal) => asked.open(method, params, { signal, window }),
    async call(method, params, { signal, onItem } = {}) {
      const init = { signal, window: onItem === undefined ? 0 : window }
      const answer = asked.open(method, params, init)
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one item after the other
        const { done, value } = await answer.next()
        if (done === true) return value
        onItem?.(value)
      }
    },
    hear(line, bytes) {
      if (closed !== undefined) return
      if (line.type === 'item' || line.type === 'reply') asked.hear(line, bytes)
      else answered.hear(line, bytes)
    },
    close(reason) {
      if (closed !== undefined) return
      closed = { reason }
      asked.close(reason)
      answered.close(reason)
    }
  }
}

/** The other end would have to break off at a longer line. */
function encoded(line: CallLine): string {
  const text = JSON.stringify(line)
  const limit = LIMITS.hostLineBytes.value
  // A character is at most three bytes of UTF-8.
  const bytes = text.length * 3 > limit ? Buffer.byteLength(text) : text.length
  if (bytes > limit) throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
  return text
}
