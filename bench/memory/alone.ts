/** What one node costs that writes and keeps much: no peer takes part. */
import { clear, folder, median, ms, row, startLumos, swarmKey } from './stage.ts'

const IN_FLIGHT = 64
const ROUNDS = 6
const ROUND_PUTS = 20_000
const MANY_RECORDS = 1_000_000

export async function measurePut(): Promise<void> {
  const lumos = startLumos()
  await lumos.ask('start', { folder, swarmKey, name: 'put' })
  const rates: number[] = []
  const costs: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const what = { prefix: `key/${round}/`, count: ROUND_PUTS, inFlight: IN_FLIGHT }
    const took = await lumos.ask('put', { name: 'put', ...what })
    rates.push((ROUND_PUTS / took.ms) * 1000)
    costs.push((took.cpuMs / ROUND_PUTS) * 1000)
  }
  const range = `${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)}`
  const cost = `${median(costs).toFixed(0)} µs of CPU each`
  row(
    `put of 200 B, ${IN_FLIGHT} in flight, each on disk`,
    `${median(rates).toFixed(0)}/s (${range}), ${cost}`,
    '≥ 5,000/s'
  )
  await clear()
}

/** Writes them, ends the process, and looks at the next one. */
export async function measureMany(): Promise<void> {
  const writer = startLumos()
  await writer.ask('start', { folder, swarmKey, name: 'many' })
  const what = { prefix: 'key/', count: MANY_RECORDS, inFlight: IN_FLIGHT }
  const took = await writer.ask('put', { name: 'many', ...what })
  const after = await writer.ask('weight', {})
  await writer.ask('stop', { name: 'many' })
  await clear()
  const reader = startLumos()
  const empty = await reader.ask('weight', {})
  const started = await reader.ask('start', { folder, swarmKey, name: 'many' })
  const read = await reader.ask('read', { name: 'many', key: 'key/000654321' })
  const root = await reader.ask('compare', { name: 'many' })
  const full = await reader.ask('weight', {})
  const rate = ((MANY_RECORDS / took.ms) * 1000).toFixed(0)
  row('1 M records: written', `${rate}/s; RSS at rest ${after.rssMb.toFixed(0)} MB`, '')
  row('1 M records: start of the node', ms(started.ms), '≤ 3 s')
  row('1 M records: first read, first root', `${ms(read.ms)}, ${ms(root.ms)}`, '')
  row(
    '1 M records: memory after that',
    `RSS ${full.rssMb.toFixed(0)} MB, V8 ${full.heapMb.toFixed(0)} MB (before the start: ${empty.rssMb.toFixed(0)}, ${empty.heapMb.toFixed(0)})`,
    '≤ 300 MB'
  )
  await clear()
}
