/** The first words on a session stream: HELLO both ways, or a refusal that says why. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { FrameBatch } from '../frames/batch.ts'
import type { FramePipe, FrameSink } from '../frames/pipe.ts'
import { decodeFrame, encodePlain, violation } from './codec.ts'
import type { PlainType } from './codec.ts'
import { FRAME } from './constants.ts'
import { decodeHello, decodeWireError, encodeHello, encodeWireError } from './schema.ts'
import type { Hello } from './session.ts'

/** Exactly one is called, once; after `accepted` the returned sink gets all that follows. */
interface HandshakeOutcome {
  accepted(hello: Hello): FrameSink
  /** One side does not want the other; the peer has been told, or has told us. */
  refused(reason: LumosError): void
  /** The stream broke, or the peer was silent or spoke nonsense. */
  failed(error: Error): void
}

export interface HandshakeInit {
  readonly hello: Hello
  /** Why the peer cannot be used. */
  readonly judge: (theirs: Hello) => LumosError | undefined
  readonly outcome: HandshakeOutcome
}

/** Says HELLO and waits for the peer's. */
export function shakeHands(
  components: { readonly clock: Clock },
  pipe: FramePipe,
  init: HandshakeInit
): void {
  pipe.receive(new Handshake(components.clock, pipe, init))
}

class Handshake implements FrameSink {
  readonly #pipe: FramePipe
  readonly #init: HandshakeInit
  readonly #cancelTimer: () => void
  #next: FrameSink | undefined
  #over = false

  constructor(clock: Clock, pipe: FramePipe, init: HandshakeInit) {
    this.#pipe = pipe
    this.#init = init
    this.#say(FRAME.hello, encodeHello(init.hello))
    const idleMs = LIMITS.sessionHello.value
    this.#cancelTimer = clock.after(idleMs, () =>
      pipe.abort(new LumosError('STREAM_IDLE', { details: { idleMs } }))
    )
  }

  frame(bytes: Uint8Array): void {
    if (this.#next !== undefined) {
      this.#next.frame(bytes)
      return
    }
    if (this.#over) return
    try {
      this.#judge(bytes)
    } catch (error) {
      this.#pipe.abort(error instanceof LumosError ? error : violation('the handshake failed'))
    }
  }

  drained(): void {
    this.#next?.drained()
  }

  ended(): void {
    if (this.#next === undefined) this.#fail(new LumosError('STREAM_TRUNCATED'))
    else this.#next.ended()
  }

  failed(error: Error): void {
    if (this.#next === undefined) this.#fail(error)
    else this.#next.failed(error)
  }

  #judge(bytes: Uint8Array): void {
    const { judge, outcome } = this.#init
    const frame = decodeFrame(bytes)
    if (frame.type === FRAME.refuse) {
      this.#refuse(decodeWireError(frame.body))
      return
    }
    if (frame.type !== FRAME.hello) throw violation('a session begins with HELLO')
    const theirs = decodeHello(frame.body)
    const reason = judge(theirs)
    if (reason !== undefined) {
      this.#say(FRAME.refuse, encodeWireError(reason))
      this.#refuse(reason)
      return
    }
    this.#finish()
    this.#next = outcome.accepted(theirs)
  }

  #refuse(reason: LumosError): void {
    this.#finish()
    // Ends in order, so that the peer reads why.
    void this.#pipe.close()
    this.#init.outcome.refused(reason)
  }

  #fail(error: Error): void {
    if (this.#over) return
    this.#finish()
    void this.#pipe.close()
    this.#init.outcome.failed(error)
  }

  #finish(): void {
    this.#over = true
    this.#cancelTimer()
  }

  #say(type: PlainType, body: Uint8Array): void {
    const batch = new FrameBatch()
    encodePlain(batch, type, { body })
    const bytes = batch.take()
    if (bytes !== undefined) this.#pipe.send(bytes)
  }
}
