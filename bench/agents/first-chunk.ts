/**
 * When the first piece of an answer is there: from the model itself, and from an agent on another node
 * that asks that model. Without a pause of the model's, calls follow each other as fast as both cores can,
 * and what is measured is how much CPU all of it takes; with one, what the way through two nodes adds.
 *
 *     node bench/agents/first-chunk.ts direct|peer BASE_URL [PAUSE_MS]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import OpenAI from 'openai'
import { createModelTransport } from '../../agents/models/transport.ts'
import { systemClock } from '../../core/clock.ts'
import { benchNode } from './nodes.ts'
import { INSTRUCTIONS, TASKS } from './task.ts'

const CALLS = 2000
const IN_FLIGHT = 16

type FirstChunk = () => Promise<void>

async function direct(url: string): Promise<FirstChunk> {
  const { fetch } = await createModelTransport(systemClock)
  const client = new OpenAI({ baseURL: url, apiKey: 'none', fetch, maxRetries: 0 })
  const messages = [
    { role: 'system' as const, content: INSTRUCTIONS },
    { role: 'user' as const, content: text }
  ]
  return async () => {
    const start = performance.now()
    const stream = await client.chat.completions.create({
      model: 'test-model',
      messages,
      stream: true
    })
    let first: number | undefined
    for await (const { choices } of stream) {
      if (choices[0]?.delta.content) first ??= performance.now() - start
    }
    times.push(first ?? Number.NaN)
  }
}

async function peer(url: string): Promise<FirstChunk> {
  const worker = spawn(process.execPath, [import.meta.filename, 'worker', url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  const [address] = await once(worker, 'message')
  const home = await mkdtemp(join(tmpdir(), 'lumos-bench-'))
  const node = await benchNode(join(home, 'asks'), '', [address])
  while ((await node.find('@plain')).providers.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  otherCpuMs = async () => {
    worker.send('cpu')
    return Number((await once(worker, 'message'))[0])
  }
  ends.push(async () => {
    await node.stop()
    worker.disconnect()
    await rm(home, { recursive: true, force: true })
  })
  return async () => {
    const start = performance.now()
    let first: number | undefined
    for await (const event of node.run('plain', text)) {
      if (event.type === 'artifact') first ??= performance.now() - start
    }
    times.push(first ?? Number.NaN)
  }
}

async function work(url: string): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'lumos-bench-'))
  const node = await benchNode(join(home, 'works'), url)
  process.on('message', () => process.send?.(cpuMs()))
  process.send?.(node.addresses()[0])
  await once(process, 'disconnect')
  await node.stop()
  await rm(home, { recursive: true, force: true })
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

let otherCpuMs = (): Promise<number> => Promise.resolve(0)
const times: number[] = []
const ends: (() => Promise<void>)[] = []
const [how = '', url = '', pauseMs = ''] = process.argv.slice(2)
const text = pauseMs === '' ? TASKS.plain : `!pause ${pauseMs}\n${TASKS.plain}`
if (how === 'worker') {
  await work(url)
  process.exit(0)
}
const call = how === 'direct' ? await direct(url) : await peer(url)
let next = 0
const loop = async (until: number): Promise<void> => {
  for (; next < until;) {
    next += 1
    await call()
  }
}
let usedMs = 0
for (const until of [CALLS / 5, CALLS]) {
  times.length = 0
  usedMs = -cpuMs() - (await otherCpuMs())
  await Promise.all(Array.from({ length: IN_FLIGHT }, () => loop(until)))
}
usedMs += cpuMs() + (await otherCpuMs())
const calls = times.length
times.sort((a, b) => a - b)
const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? 0
process.stdout.write(`${JSON.stringify({ p50: at(0.5), p95: at(0.95), cpuMs: usedMs / calls })}\n`)
for (const end of ends) await end()
process.exit(0)
