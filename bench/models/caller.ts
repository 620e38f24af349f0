/** A process that makes model calls one way, and prints what they cost: `TRANSPORT URL IN_FLIGHT CALLS TOKENS`. */
import { OpenAI } from 'openai'
import { TRANSPORTS } from './transports.ts'

const [name = '', baseURL = '', inFlight = '1', calls = '1', tokens = '20'] = process.argv.slice(2)
const fetch = await TRANSPORTS[name]?.()
if (fetch === undefined) throw new TypeError(`no transport "${name}"`)
const client = new OpenAI({ baseURL, apiKey: 'bench', maxRetries: 0, fetch })

async function call(): Promise<void> {
  const stream = await client.chat.completions.create({
    model: 'test-model',
    stream: true,
    messages: [{ role: 'user', content: `!tokens ${tokens}` }]
  })
  let length = 0
  for await (const { choices } of stream) length += choices[0]?.delta.content?.length ?? 0
  if (length < Number(tokens)) throw new Error('an answer is too short')
}

/** Milliseconds of each call, sorted. */
async function round(count: number): Promise<number[]> {
  const times: number[] = []
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const begun = performance.now()
      await call()
      times.push(performance.now() - begun)
    }
  }
  await Promise.all(Array.from({ length: Number(inFlight) }, worker))
  return times.toSorted((a, b) => a - b)
}

const count = Number(calls)
await round(Math.min(500, count))
const cpu = process.cpuUsage()
const begun = performance.now()
const times = await round(count)
const wallMs = performance.now() - begun
const { user, system } = process.cpuUsage(cpu)
console.log(
  JSON.stringify({
    perSecond: (count / wallMs) * 1000,
    p50: times[Math.floor(count * 0.5)],
    p95: times[Math.floor(count * 0.95)],
    cpuMs: (user + system) / 1000 / count,
    rssMb: process.memoryUsage.rss() / 1e6
  })
)
process.exit()
