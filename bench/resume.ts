/**
 * How soon a running stream goes on after its link broke: from the link's return to the session, and from there to the next event.
 *
 * Run: `node bench/resume.ts [breaks, default 50] [longest outage in ms, default 1000] [seed]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { defineAgent } from '../agents/agent.ts'
import type { DelegationEvent } from '../tasks/caller/delegation-events.ts'
import { startLinkedNodes } from '../test/support/linked-nodes.ts'
import type { LinkedNodes } from '../test/support/linked-nodes.ts'
import { seededRandom } from '../test/support/random.ts'

const [breaks = 50, longestMs = 1000, seed = 1] = process.argv.slice(2).map(Number)
const random = seededRandom(seed)

/** Between two pieces of the stream: what comes back after an outage is a replay, then live again. */
const PIECE_MS = 5
/** The stream runs undisturbed for so long before each break. */
const CALM_MS = 200

const ticker = defineAgent({
  id: 'ticker',
  description: 'speaks for ever',
  skills: [{ id: 'ticker', name: 'Ticker', description: 'speaks for ever', tags: ['bench'] }],
  async *run({ signal }) {
    for (let piece = 0; ; piece += 1) {
      yield `${piece} `
      await delay(PIECE_MS, undefined, { signal })
    }
  }
})

interface Gap {
  /** From the link's return to the session. */
  readonly reconnectMs: number
  /** From the session to the next event. */
  readonly resumeMs: number
}

/** Breaks the link, mends it after a while, and watches what follows. */
async function breakOnce({ link, caller }: LinkedNodes, stream: Stream): Promise<Gap> {
  await delay(CALM_MS + random.next() * CALM_MS)
  link.refuses = true
  link.cut()
  await delay(random.next() * longestMs)
  const opened = new Promise<number>((resolve) => {
    caller.wire.sessions.events.once('opened', () => resolve(performance.now()))
  })
  const mendedAt = performance.now()
  link.refuses = false
  const openedAt = await opened
  const resumedAt = await stream.nextPiece()
  return { reconnectMs: openedAt - mendedAt, resumeMs: resumedAt - openedAt }
}

class Stream {
  #awaited = Promise.withResolvers<number>()

  async follow(events: AsyncIterable<DelegationEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type !== 'artifact') continue
      this.#awaited.resolve(performance.now())
      this.#awaited = Promise.withResolvers()
    }
  }

  nextPiece(): Promise<number> {
    return this.#awaited.promise
  }
}

async function measure(nodes: LinkedNodes): Promise<readonly Gap[]> {
  const { delegations } = nodes.caller.work
  const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: 'go' }] }
  const { id } = await delegations.delegate({ target: '@ticker', message, patient: true })
  const stream = new Stream()
  const followed = stream.follow(delegations.watch(id))
  await stream.nextPiece()
  const gaps: Gap[] = []
  for (let count = 0; count < breaks; count += 1) gaps.push(await breakOnce(nodes, stream))
  await delegations.cancel(id)
  await followed
  return gaps
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(1)
}

const folder = mkdtempSync(join(tmpdir(), 'lumos-resume-'))
const nodes = await startLinkedNodes(folder, [ticker])
try {
  const gaps = await measure(nodes)
  console.log(`${breaks} breaks of up to ${longestMs} ms, seed ${seed}; ms   p50    p95    most`)
  for (const part of ['reconnectMs', 'resumeMs'] as const) {
    const values = gaps.map((gap) => gap[part])
    console.log(part.padEnd(12), ...[0.5, 0.95, 1].map((share) => quantile(values, share)))
  }
} finally {
  await nodes.stop()
  rmSync(folder, { recursive: true, force: true })
}
