/**
 * Shared memory: whole nodes in processes of their own on loopback, databases on disk, everything encrypted and signed; and OrbitDB doing the same.
 *
 *     npm ci --prefix bench && node bench/memory.ts [put] [fresh] [live] [swarm] [heal] [million]
 *
 * Without arguments all of it: about fifteen minutes.
 */
import { measureMany, measurePut } from './memory/alone.ts'
import { measureFresh, measureHeal, measureLive, measureSwarm, SEED } from './memory/between.ts'
import { row, strike } from './memory/stage.ts'

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  put: measurePut,
  live: measureLive,
  swarm: measureSwarm,
  heal: measureHeal,
  fresh: measureFresh,
  million: measureMany
}

const wanted = process.argv.slice(2)
try {
  console.log(`seed ${SEED}, Node ${process.version}\n`)
  row('what', 'measured', 'promised')
  row('---', '---', '---')
  for (const [name, measure] of Object.entries(PARTS)) {
    if (wanted.length === 0 || wanted.includes(name)) await measure()
  }
} finally {
  await strike()
}
