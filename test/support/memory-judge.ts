/** What must hold when a memory simulation has come to rest. */
import { isDeepStrictEqual } from 'node:util'
import { createAccess } from '../../memory/spaces/access.ts'
import { hourOf, removalHour } from '../../memory/replica/merge.ts'
import { createJudgement } from '../../memory/spaces/policy.ts'
import {
  compareRecords,
  NO_PREVIOUS,
  previousOf,
  signatureOf,
  signedPart
} from '../../memory/replica/record.ts'
import type { MemoryRecord } from '../../memory/replica/record.ts'
import { decodeEntry, decodeStored, memoryRows } from '../../memory/replica/rows.ts'
import type { Profile } from './memory-profiles.ts'
import type { MemoryWorld, SimulatedNode } from './memory-world.ts'
import { toyVerify } from './memory-world.ts'

/** Sentences about what went wrong; empty when nothing did. */
export async function judgeWorld(world: MemoryWorld, profile: Profile): Promise<string[]> {
  const problems: string[] = []
  const honest = world.nodes.filter(({ liar, dead }) => !liar && !dead)
  const states = await Promise.all(honest.map((node) => stateOf(world, node)))
  for (const [index, state] of states.entries()) {
    if (state.log.some((line) => line.endsWith('wrongly'))) problems.push('a count is wrong')
    if (!isDeepStrictEqual(state, states[0])) {
      problems.push(`node ${honest[index]?.index} differs from node ${honest[0]?.index}`)
    }
  }
  const roots = new Set<string | undefined>()
  for (const { replica } of honest) roots.add((await replica?.summary())?.root)
  if (roots.size > 1) problems.push('roots differ')
  const held = states[0]?.records ?? new Map<string, MemoryRecord>()
  if (profile.keepsAll === true) problems.push(...judgeLosses(world, held))
  if (profile.auditFree === true) problems.push(...judgeAudits(world))
  if (profile.deletions === true) problems.push(...judgeDeletions(world, held))
  const [first] = honest
  if (first !== undefined) problems.push(...(await judgeRecords(world, first, held)))
  return problems
}

interface NodeState {
  readonly records: ReadonlyMap<string, MemoryRecord>
  readonly statements: readonly string[]
  /** Records by writer, as the log has them, and writers whose count is wrong. */
  readonly log: readonly string[]
}

async function stateOf(world: MemoryWorld, { disk, replica }: SimulatedNode): Promise<NodeState> {
  const rows = memoryRows(world.space.id)
  const records = new Map<string, MemoryRecord>()
  for await (const [row, value] of disk.iterate(rows.allData(''))) {
    records.set(rows.keyOf(row), decodeStored(value).record)
  }
  const log: string[] = []
  for await (const [row, value] of disk.iterate(rows.entries)) {
    const writer = rows.writerOf(row)
    for await (const [name, at] of disk.iterate(rows.logWriter(writer))) {
      log.push(`${name} ${Buffer.from(at).toString()}`)
    }
    const { records: count, bytes } = decodeEntry(value)
    const own = [...records.values()].filter((record) => record.writer === writer)
    const sum = own.reduce((all, record) => all + record.bytes.length, 0)
    if (count !== own.length || bytes !== sum) log.push(`${writer} is counted wrongly`)
  }
  const statements = replica?.statements.map(({ id }) => id).toSorted() ?? []
  return { records, statements, log: log.toSorted() }
}

function judgeLosses(world: MemoryWorld, held: ReadonlyMap<string, MemoryRecord>): string[] {
  const problems: string[] = []
  for (const { node, record } of world.acknowledged) {
    // What only the dead knew went with them.
    if (node.dead) continue
    const kept = held.get(record.key)
    if (kept === undefined || compareRecords(kept, record) < 0) {
      problems.push(`an acknowledged write of ${record.key} is lost`)
    }
  }
  return problems
}

function judgeAudits({ repairs }: MemoryWorld): string[] {
  const audited = repairs.reduce((sum, result) => sum + result.audited + result.dropped, 0)
  return audited > 0 ? [`${audited} records had to be found by the audit`] : []
}

function judgeDeletions(world: MemoryWorld, held: ReadonlyMap<string, MemoryRecord>): string[] {
  const newest = new Map<string, MemoryRecord>()
  const uncovered = new Set<string>()
  for (const { record } of world.acknowledged) {
    const known = newest.get(record.key)
    if (known === undefined || compareRecords(record, known) > 0) newest.set(record.key, record)
    // Nobody knew of another, so it is forgotten early, and one that nobody knew of may come up.
    if (record.expires !== undefined && record.previous === NO_PREVIOUS) uncovered.add(record.key)
  }
  return [...newest].flatMap(([at, record]) => {
    const hour = removalHour(record, world.space)
    const kept = held.get(at)
    if (uncovered.has(at) || kept?.id === record.id) return []
    if (hour === undefined || hour > hourOf(world.now)) return [`${at} is not ${record.id}`]
    // What the last writer had not seen may have come back from where it was alone.
    return kept !== undefined && record.previous === previousOf(kept)
      ? [`${at} is back, which was deleted`]
      : []
  })
}

async function judgeRecords(
  { space }: MemoryWorld,
  { disk, replica }: SimulatedNode,
  held: ReadonlyMap<string, MemoryRecord>
): Promise<string[]> {
  const judge = createJudgement(space, createAccess(space, replica?.statements ?? []))
  const problems: string[] = []
  for (const record of held.values()) {
    const entry = await disk.get(memoryRows(space.id).entry(record.writer))
    const author = entry === undefined ? '' : decodeEntry(entry).name.author
    if (judge(author, record) !== undefined) problems.push(`${record.key} is held without a grant`)
    const signed = await toyVerify(author, signedPart(record.bytes), signatureOf(record.bytes))
    if (!signed) problems.push(`${record.key} is forged`)
  }
  return problems
}
