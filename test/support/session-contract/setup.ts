/** Two nodes with sessions, whatever carries them, and what a test sees of them. */
import { expect, onTestFinished } from 'vitest'
import type { Session, SessionEvents, Sessions } from '../../../protocols/session/session.ts'
import type { HelloFacts } from '../../../protocols/session/sessions.ts'

export interface SessionNode {
  readonly peer: string
  readonly sessions: Sessions
}

export interface SessionPair {
  readonly a: SessionNode
  readonly b: SessionNode
  /** Lets time pass, by hand or really. */
  readonly pass: (ms: number) => Promise<void>
  /** Breaks the way between the two without a word. */
  readonly cut: () => void
  readonly stop: () => Promise<void>
}

export interface SessionPairInit {
  readonly helloB?: Partial<HelloFacts>
}

export type CreatePair = (init?: SessionPairInit) => Promise<SessionPair>

type Seen = readonly [event: keyof SessionEvents, peer: string, code?: string]

interface Fixture extends SessionPair {
  readonly seenByA: readonly Seen[]
  readonly seenByB: readonly Seen[]
  readonly connect: () => Promise<Session>
  /** Lets time pass until `done`, for what has no promise of its own. */
  readonly until: (done: () => boolean) => Promise<void>
}

export type Setup = (init?: SessionPairInit) => Promise<Fixture>

/** Sentences, and what shows that they are true. */
export type Contract = Readonly<Record<string, (setup: Setup) => Promise<void>>>

export function setupWith(createPair: CreatePair): Setup {
  return async (init) => {
    const pair = await createPair(init)
    onTestFinished(() => pair.stop())
    return {
      ...pair,
      seenByA: record(pair.a.sessions),
      seenByB: record(pair.b.sessions),
      connect: () => pair.a.sessions.connect(pair.b.peer),
      until: async (done) => {
        for (let turns = 0; turns < 500 && !done(); turns++) await pair.pass(1)
        expect(done()).toBe(true)
      }
    }
  }
}

function record({ events }: Sessions): Seen[] {
  const seen: Seen[] = []
  events.on('opened', ({ peer }) => seen.push(['opened', peer]))
  events.on('closed', ({ peer }, { code }) => seen.push(['closed', peer, code]))
  events.on('refused', (peer, { code }) => seen.push(['refused', peer, code]))
  return seen
}

export function bytes(characters: string): Uint8Array {
  return new TextEncoder().encode(characters)
}

export function text(body: Uint8Array): string {
  return new TextDecoder().decode(body)
}
