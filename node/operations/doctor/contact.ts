/** The first steps to an address, taken without libp2p: name, TCP, wall. It tells which one fails, and libp2p does not. */
import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
// oxlint-disable-next-line typescript/triple-slash-reference -- as in wall.ts
/// <reference path="../../libp2p/xsalsa20.d.ts" />
import xsalsa20 from 'xsalsa20'
import type { Attempt } from '../../../client/doctor-api.ts'
import type { Clock } from '../../../core/clock.ts'
import { LIMITS } from '../../../core/limits.ts'
import { linkedAbort } from '../../../core/linked-abort.ts'
import type { Random } from '../../../core/random.ts'
import { unlessAborted } from '../../../core/unless-aborted.ts'
import { GREETING, NONCE_BYTES } from '../../libp2p/wall.ts'

export interface Place {
  readonly host: string
  readonly port: number
  /** False where something else comes between TCP and the wall, such as a WebSocket. */
  readonly bare: boolean
}

export type ContactCode =
  | 'reached'
  | 'dns'
  | 'refused'
  | 'timeout'
  | 'no-route'
  | 'unreachable'
  | 'silent'
  | 'wrong-key'
  | 'other-swarm'
  | 'hung-up'
  | 'not-lumos'

export interface Contact {
  readonly code: ContactCode
  /** What is the matter, for people; empty when it was reached. */
  readonly text: string
  /** In the order in which they were taken; the last one is where it ended. */
  readonly steps: readonly Attempt[]
}

export interface ContactInit {
  readonly place: Place
  /** Of the wall, newest first; none in an open swarm. */
  readonly keys: readonly Uint8Array[]
}

/** Two keys: the present one, and the one before for a peer that was away while it changed. */
const KEYS_TRIED = 2

export interface ContactComponents {
  readonly clock: Clock
  readonly random: Random
}

/** Takes the steps one after the other, and says how each went. */
export async function makeContact(
  components: ContactComponents,
  { place, keys }: ContactInit,
  signal: AbortSignal
): Promise<Contact> {
  const { clock } = components
  const steps: Attempt[] = []
  const timed = async <T>(step: string, take: () => Promise<T>): Promise<T> => {
    const begun = clock.monotonic()
    try {
      const taken = await take()
      steps.push({ step, ok: true, text: 'ok', tookMs: since(clock, begun) })
      return taken
    } catch (error) {
      const { text } = failed(error)
      steps.push({ step, ok: false, text, tookMs: since(clock, begun) })
      throw error
    }
  }
  try {
    const address = await timed('dns', () => resolve(place.host, signal))
    if (address === place.host) steps.pop()
    const open = (): Promise<Socket> => openSocket(clock, { ...place, host: address }, signal)
    const socket = await timed('tcp', open)
    if (!place.bare) socket.destroy()
    else await timed('wall', () => passWall(components, { socket, open, keys }, signal))
    return { code: 'reached', text: '', steps }
  } catch (error) {
    return { ...failed(error), steps }
  }
}

function since(clock: Clock, begun: number): number {
  return Math.round((clock.monotonic() - begun) * 10) / 10
}

/** Ends a contact, with what is the matter. */
class ContactFailed extends Error {
  readonly code: ContactCode

  constructor(code: ContactCode, text: string) {
    super(text)
    this.code = code
  }
}

function failed(error: unknown): { readonly code: ContactCode; readonly text: string } {
  if (error instanceof ContactFailed) return { code: error.code, text: error.message }
  return { code: 'unreachable', text: error instanceof Error ? error.message : String(error) }
}

async function resolve(host: string, signal: AbortSignal): Promise<string> {
  try {
    const found = await unlessAborted(lookup(host), signal)
    return found.address
  } catch (error) {
    const why = signal.aborted ? 'no answer from the name server' : codeOf(error)
    throw new ContactFailed('dns', `the name ${host} cannot be resolved (${why})`)
  }
}

const TCP_FAILURES: Readonly<Record<string, readonly [ContactCode, string]>> = {
  ECONNREFUSED: ['refused', 'connection refused: the machine is there, and nothing listens there'],
  EHOSTUNREACH: ['no-route', 'there is no way to that host'],
  ENETUNREACH: ['no-route', 'there is no way to that network'],
  EADDRNOTAVAIL: ['no-route', 'there is no way to that network'],
  ETIMEDOUT: ['timeout', 'the packets get no answer']
}

function openSocket(clock: Clock, { host, port }: Place, signal: AbortSignal): Promise<Socket> {
  const deadlineMs = LIMITS.doctorTcp.value
  return new Promise((done, fail) => {
    const socket = connect({ host, port, noDelay: true })
    const giveUp = (): void => {
      const text = `no answer within ${deadlineMs / 1000} s: the packets are dropped on the way, by a firewall perhaps`
      end(new ContactFailed('timeout', text))
    }
    const cancel = clock.after(deadlineMs, giveUp)
    function end(error?: Error): void {
      cancel()
      signal.removeEventListener('abort', giveUp)
      socket.removeAllListeners()
      // A reset that comes later is nobody's.
      socket.on('error', () => undefined)
      if (error === undefined) return done(socket)
      socket.destroy()
      fail(error)
    }
    signal.addEventListener('abort', giveUp)
    socket.once('connect', () => end())
    socket.once('error', (error) => {
      const [code, text] = TCP_FAILURES[codeOf(error)] ?? ['unreachable', error.message]
      end(new ContactFailed(code, text))
    })
  })
}

interface WallInit {
  readonly socket: Socket
  /** Another connection to the same place. */
  readonly open: () => Promise<Socket>
  readonly keys: readonly Uint8Array[]
}

async function passWall(
  { clock, random }: ContactComponents,
  { socket, open, keys }: WallInit,
  signal: AbortSignal
): Promise<void> {
  if (keys.length === 0) return passOpenly(clock, socket, signal)
  let next: Socket | undefined = socket
  let wrong: unknown
  for (const key of keys.slice(0, KEYS_TRIED)) {
    // oxlint-disable-next-line no-await-in-loop -- one key after the other
    const reader = new Reader(clock, next ?? (await open()), signal)
    next = undefined
    try {
      // oxlint-disable-next-line no-await-in-loop
      await reader.using(() => knock(reader, key, random.bytes(NONCE_BYTES)))
      return
    } catch (error) {
      if (!(error instanceof ContactFailed)) throw error
      // oxlint-disable-next-line no-await-in-loop
      if (error.code === 'hung-up' && (await isOpenSwarm(clock, open, signal))) {
        throw new ContactFailed(
          'other-swarm',
          'a node of an open swarm: it has no swarm key, and this node has one'
        )
      }
      if (error.code !== 'wrong-key') throw error
      wrong = error
    }
  }
  throw wrong
}

/** Who dials speaks first; the other side answers if it can read that. */
async function knock(reader: Reader, key: Uint8Array, nonce: Uint8Array): Promise<void> {
  reader.write(nonce)
  const theirs = await reader.take(NONCE_BYTES)
  if (theirs === 'closed') {
    throw new ContactFailed('hung-up', 'hangs up at once: too busy, or no node of a private swarm')
  }
  refuseOthers(theirs)
  const [out, into] = [xsalsa20(nonce, key), xsalsa20(theirs, key)]
  try {
    reader.write(out.update(GREETING))
    const answer = await reader.take(GREETING.length)
    if (answer !== 'closed' && GREETING.equals(into.update(answer))) return
  } finally {
    out.finalize()
    into.finalize()
  }
  throw new ContactFailed(
    'wrong-key',
    'the wall does not open: a node answers, and it has another swarm key'
  )
}

/** In a swarm without a wall the first words are plain. */
async function passOpenly(clock: Clock, socket: Socket, signal: AbortSignal): Promise<void> {
  const reader = new Reader(clock, socket, signal)
  const answer = await reader.using(() => {
    reader.write(GREETING)
    return reader.take(GREETING.length)
  })
  if (answer === 'closed') {
    throw new ContactFailed('hung-up', 'hangs up at once: too busy, or no node of an open swarm')
  }
  if (GREETING.equals(answer)) return
  refuseOthers(answer)
  throw new ContactFailed(
    'other-swarm',
    'a node of a private swarm: it has a swarm key, and this node is in an open swarm'
  )
}

async function isOpenSwarm(
  clock: Clock,
  open: () => Promise<Socket>,
  signal: AbortSignal
): Promise<boolean> {
  try {
    await passOpenly(clock, await open(), signal)
    return true
  } catch {
    return false
  }
}

const PROGRAMS: readonly (readonly [start: RegExp, name: string])[] = [
  [/^SSH-/, 'an SSH server'],
  [/^HTTP\/|^<(!doctype|html)/i, 'a web server'],
  [/^220[ -]/, 'a mail or FTP server']
]

/** Alert and handshake (RFC 8446, 5.1). */
const TLS_TYPES: ReadonlySet<number> = new Set([21, 22])

/** A nonce is random bytes; a program that greets in words is another one. */
function refuseOthers(bytes: Buffer): void {
  const text = bytes.toString('latin1')
  const isTls = TLS_TYPES.has(bytes[0] ?? 0) && bytes[1] === 3
  const known = isTls ? 'a TLS server' : PROGRAMS.find(([start]) => start.test(text))?.[1]
  const isText = /^[\s\x20-\x7e]+$/.test(text)
  if (known === undefined && !isText) return
  throw new ContactFailed('not-lumos', `no Lumos node: ${known ?? 'another program'} answers there`)
}

/** The first bytes of a connection, as many as are asked for. */
class Reader {
  readonly #clock: Clock
  readonly #socket: Socket
  readonly #signal: AbortSignal
  #held: Buffer = Buffer.alloc(0)
  #closed = false
  #wake: (() => void) | undefined

  constructor(clock: Clock, socket: Socket, signal: AbortSignal) {
    this.#clock = clock
    this.#socket = socket
    this.#signal = signal
    socket.on('data', (part: Buffer) => {
      this.#held = Buffer.concat([this.#held, part])
      this.#wake?.()
    })
    socket.on('close', () => {
      this.#closed = true
      this.#wake?.()
    })
    socket.on('end', () => {
      this.#closed = true
      this.#wake?.()
    })
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  async using<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } finally {
      this.#socket.destroy()
    }
  }

  /** Fewer bytes than asked for when a program that speaks in words has said all it will. */
  async take(count: number): Promise<Buffer | 'closed'> {
    const deadlineMs = LIMITS.doctorAnswer.value
    const over = linkedAbort(this.#signal)
    const cancel = this.#clock.after(deadlineMs, () => over.abort(undefined))
    while (this.#held.length < count && !this.#closed && !over.signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- until enough has come
      await this.#news(over.signal)
    }
    cancel()
    over.release()
    const taken = this.#held.subarray(0, count)
    this.#held = this.#held.subarray(count)
    if (taken.length === count) return taken
    if (taken.length > 0) refuseOthers(taken)
    if (this.#closed) return 'closed'
    throw new ContactFailed(
      'silent',
      `accepts the connection and says nothing for ${deadlineMs / 1000} s: it hangs (stopped, or overloaded), or is no Lumos node`
    )
  }

  #news(over: AbortSignal): Promise<void> {
    return new Promise((done) => {
      const wake = (): void => {
        this.#wake = undefined
        over.removeEventListener('abort', wake)
        done()
      }
      this.#wake = wake
      over.addEventListener('abort', wake)
    })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
