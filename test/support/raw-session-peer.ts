/** A peer that speaks session frames by hand, and may say what no honest peer would. */
import type { FramePipe, FrameSink } from '../../protocols/frames/pipe.ts'
import { FrameBatch } from '../../protocols/frames/batch.ts'
import { decodeFrame } from '../../protocols/session/codec.ts'
import type { Frame } from '../../protocols/session/codec.ts'
import type { Hello } from '../../protocols/session/session.ts'

const TYPES = ['hello', 'refuse', 'open', 'data', 'error', 'cancel'].concat([
  'credit',
  'ping',
  'pong',
  'goAway',
  'retire'
])

export class RawSessionPeer implements FrameSink {
  readonly frames: Frame[] = []
  /** `ended`, or the code of what broke the stream. */
  end: string | undefined
  readonly #pipe: FramePipe

  constructor(pipe: FramePipe) {
    this.#pipe = pipe
    pipe.receive(this)
  }

  /** Frames by name, with the JSON or text of their bodies; pings and credit are left out. */
  get heard(): string[] {
    return this.frames
      .filter(({ type }) => type !== 0x07 && type !== 0x08)
      .map((frame) => {
        const name = TYPES[(frame.type ?? 0) - 1] ?? 'skipped'
        if (frame.type === 0x01) return name
        const body = 'body' in frame ? new TextDecoder().decode(frame.body) : ''
        return `${name} ${codeOf(body)}`.trim()
      })
  }

  hello(fields: Partial<Hello> = {}): void {
    const hello = {
      protocol: '1.0',
      swarm: 'test',
      name: 'raw',
      version: '0.0.0',
      instance: 'raw-instance',
      clock: 0,
      fields: {},
      ...fields
    }
    this.say(0x01, 0, 0, JSON.stringify(hello))
  }

  /** One frame: type, flags, id, the rest. */
  // oxlint-disable-next-line max-params -- the order of the bytes on the wire
  say(type: number, flags: number, id: number, rest: string | Uint8Array = ''): void {
    const header = Buffer.from([type, flags, 0, 0, 0, 0])
    header.writeUInt32BE(id, 2)
    this.sayBytes(Buffer.concat([header, Buffer.from(rest)]))
  }

  /** OPEN with the whole body. */
  call(id: number, method: string, body = ''): void {
    const head = Buffer.from([0, 0, 0x75, 0x30, method.length, 0, 0])
    this.say(0x03, 0x03, id, Buffer.concat([head, Buffer.from(method + body)]))
  }

  sayBytes(frame: Uint8Array): void {
    const batch = new FrameBatch()
    const at = batch.reserve(frame.length)
    batch.bytes.set(frame, at)
    const bytes = batch.take()
    if (bytes) this.#pipe.send(bytes)
  }

  /** Sending while this is false fills this side's own buffers, until its stream breaks. */
  get writable(): boolean {
    return this.#pipe.writable
  }

  close(): Promise<void> {
    return this.#pipe.close()
  }

  frame(bytes: Uint8Array): void {
    this.frames.push(decodeFrame(bytes.slice()))
  }

  drained(): void {}

  ended(): void {
    this.end = 'ended'
  }

  failed(error: Error): void {
    this.end ??= 'code' in error ? String(error.code) : error.message
  }
}

function codeOf(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null && 'code' in parsed
      ? String(parsed.code)
      : body
  } catch {
    return body
  }
}
