/** Peers that mean ill against a node in a process of its own, with an honest peer beside them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAttacker } from './attacker.ts'
import type { Attacker } from './attacker.ts'
import { ATTACKS } from './attacks.ts'
import { attackedFor, feltCalm, percentile95 } from './measure.ts'
import { evilTable, writeEvilTable } from './report.ts'
import type { Measured } from './report.ts'
import { startStage } from './stage.ts'
import type { Stage, View } from './stage.ts'

const MIB = 1024 * 1024
/**
 * The bars of the table (2 ×, 64 MiB, 100 ms) are those of a quiet machine. These here tell an attack
 * that works from a busy processor: unguarded nodes stand still for seconds, and grow without end.
 */
const MOST = { honestMs: 10_000, honestFactor: 20, grownBytes: 384 * MIB, gapMs: 8000 }
/** The table is made of enough tasks to tell a 95th percentile, and each attack is done to another victim as well. */
const REPORTS = process.env['EVIL_REPORT'] !== undefined
const LEAST_TASKS = REPORTS ? 150 : 1
const CALM_MS = REPORTS ? 1500 : 500

interface Scenery {
  readonly stage: Stage
  readonly before: View
  /** A victim whose honest peer is idle. */
  readonly decoy: Stage | undefined
}

let attacker: Attacker
/** One for each kind of swarm. */
let scenes: { readonly keyed: Scenery; readonly listed: Scenery }
const rows: Measured[] = []
const calmTasks: number[] = []
/** What is running, also when what comes after it does not start. */
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lumos-evil-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  scenes = {
    keyed: await setUp(join(folder, 'k'), false),
    listed: await setUp(join(folder, 'l'), true)
  }
  attacker = await startAttacker()
  closing.push(() => attacker.stop())
}, 120_000)

async function setUp(folder: string, listed: boolean): Promise<Scenery> {
  const start = async (name: string): Promise<Stage> => {
    const started = await startStage({ folder: join(folder, name), listed })
    closing.push(() => started.stop())
    return started
  }
  const stage = await start('s')
  return { stage, before: await stage.view(), decoy: REPORTS ? await start('d') : undefined }
}

afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  const order = ATTACKS.map(({ name }) => name)
  const sorted = rows.toSorted(
    (a, b) => order.indexOf(a.attack.name) - order.indexOf(b.attack.name)
  )
  const suite = { rows: sorted, calmMs: percentile95(calmTasks) }
  process.stdout.write(`\n${evilTable(suite)}\n`)
  if (REPORTS && rows.length === ATTACKS.length) await writeEvilTable('docs/security.md', suite)
}, 30_000)

describe.each(ATTACKS)('$name', (attack) => {
  test(
    `the victim lives, knows what it knew, names the offender; honest tasks go on`,
    { timeout: REPORTS ? 240_000 : 60_000 },
    async () => {
      const { stage, before, decoy } = attack.listed === true ? scenes.listed : scenes.keyed
      await attacker.gone()
      await stage.calmDown()
      const calm = await feltCalm(stage, CALM_MS)
      calmTasks.push(...calm.tasks)
      const scene = { attacker, attack, stage, at: stage }
      const { report, tasks, worst } = await attackedFor(scene, LEAST_TASKS)
      const { accused, success, met } = report
      const attackedMs = percentile95(tasks)
      expect(success).toBeUndefined()
      await expect.poll(() => stage.view(), { timeout: 10_000 }).toEqual(before)
      const warnings = warningsOf(await stage.victim.log())
      const unnamed = accused.filter((peer) => !warnings.some((line) => line.includes(peer)))
      expect({ met, unnamed }).toEqual({ met, unnamed: [] })
      const decoyMs = decoy && (await elsewhereMs({ ...scene, at: decoy }))
      const named = accused.length > 0 ? true : undefined
      rows.push({ attack, met, named, decoyMs, attackedMs, felt: calm.worst, worst })
      const calmMs = percentile95(calm.tasks)
      expect(attackedMs).toBeLessThan(Math.max(MOST.honestMs, MOST.honestFactor * calmMs))
      expect(worst.rssBytes - calm.worst.rssBytes).toBeLessThan(MOST.grownBytes)
      expect(worst.gapMs).toBeLessThan(Math.max(MOST.gapMs, MOST.honestFactor * calm.worst.gapMs))
    }
  )
})

/** That somebody came by an invite names it, too, and accuses it of nothing. */
function warningsOf(log: string): readonly string[] {
  const warnings = new Set(['warn', 'error'])
  // What is behind the last line break is being written.
  const lines = log.split('\n').slice(0, -1)
  return lines.filter((line) => warnings.has(JSON.parse(line).level))
}

/** What the honest peer feels when the attack is on somebody else on the same machine. */
async function elsewhereMs(scene: Parameters<typeof attackedFor>[0]): Promise<number> {
  await scene.attacker.gone()
  await scene.stage.calmDown()
  return percentile95((await attackedFor(scene, LEAST_TASKS)).tasks)
}
