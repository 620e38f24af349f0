/**
 * What a turn of a conversation costs when there is much memory: appending it, reading the newest
 * messages, paging back; in one long thread, and in one of a thousand.
 *
 *     node bench/memory-threads.ts
 *
 * A whole node on this machine's disk, every write an fsync, one call at a time.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { systemRandom } from '../core/random.ts'
import type { ThreadMessageInit, Threads } from '../index.ts'
import { createNode } from '../index.ts'

const MESSAGES = 100_000
const THREADS = 1000
const TURN = 4
const FILL_TURN = 50
const PAGE = 20
const ROUNDS = 500
const TEXT = 'x'.repeat(200)
/** Turns that are being written at the same time while there is nothing to measure. */
const IN_FLIGHT = 16

function turn(messages: number): ThreadMessageInit[] {
  return Array.from({ length: messages }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    parts: [{ type: 'text', text: TEXT }]
  }))
}

async function fill(threads: Threads, ids: readonly string[], messages: number): Promise<void> {
  const turns = ids.flatMap((id) => Array<string>(messages / FILL_TURN).fill(id))
  let next = 0
  const work = async (): Promise<void> => {
    for (let id = turns[next++]; id !== undefined; id = turns[next++]) {
      await threads.append(id, turn(FILL_TURN))
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
}

async function measure(call: () => Promise<unknown>): Promise<string> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now()
    await call()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): string => (times[Math.floor(share * (ROUNDS - 1))] ?? 0).toFixed(2)
  return `${at(0.5)} | ${at(0.95)} | ${at(1)}`
}

async function report(name: string, rows: Record<string, () => Promise<unknown>>): Promise<void> {
  for (const [what, call] of Object.entries(rows)) {
    console.log(`| ${name} | ${what} | ${await measure(call)} |`)
  }
}

async function main(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'lumos-bench-'))
  const node = await createNode({
    home,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    discovery: { mdns: false },
    runtimeDirectory: join(home, 'run')
  })
  try {
    await node.start()
    const { threads } = node.memory.space()
    const ids = Array.from({ length: THREADS }, (_, index) => `thread-${index}`)
    const start = performance.now()
    await fill(threads, ['long'], MESSAGES)
    const took = (performance.now() - start) / 1000
    console.log(
      `${MESSAGES.toLocaleString('en-US')} messages in turns of ${FILL_TURN}: ${took.toFixed(1)} s`
    )
    console.log('| thread | call | p50 ms | p95 ms | max ms |\n|---|---|---|---|---|')
    const [old] = await threads.messages('long', { limit: MESSAGES / 2 })
    await report('one of 100,000 messages', {
      [`append a turn of ${TURN}`]: () => threads.append('long', turn(TURN)),
      [`the newest ${PAGE}`]: () => threads.messages('long', { limit: PAGE }),
      [`${PAGE} before one in the middle`]: () =>
        threads.messages('long', { limit: PAGE, before: old?.id ?? '' })
    })
    await fill(threads, ids, MESSAGES / THREADS)
    const someThread = (): string => ids[Math.floor(systemRandom.next() * THREADS)] ?? ''
    await report(`one of ${THREADS}, 100 messages each`, {
      [`append a turn of ${TURN}`]: () => threads.append(someThread(), turn(TURN)),
      [`the newest ${PAGE}`]: () => threads.messages(someThread(), { limit: PAGE })
    })
    const { rss } = process.memoryUsage()
    console.log(`memory of the process: ${(rss / 1e6).toFixed(0)} MB`)
  } finally {
    await node.stop()
    await rm(home, { recursive: true })
  }
}

await main()
