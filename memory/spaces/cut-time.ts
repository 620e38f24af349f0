/** When the last valid record of a cut writer was written: its numbers can be used again, by whoever has its key. */
import { hash } from 'node:crypto'
import { ID_BYTES } from '../replica/record.ts'
import type { MemoryId, MemoryRecord } from '../replica/record.ts'
import type { Cut } from './statement.ts'

const DOMAIN = 'lumos/cut/1'

/** A cut like any other, of a writer that nobody can be: nodes that do not know of it pass it over. */
export function timeCut(writer: MemoryId, ms: number): Cut {
  return { writer: timeCutId(writer), sequence: ms }
}

/** Whether a record of a cut writer was written later than the last that its owner can have meant. */
export function isAfterCut(
  cuts: ReadonlyMap<MemoryId, number>,
  { writer, time }: Pick<MemoryRecord, 'writer' | 'time'>
): boolean {
  return cuts.has(writer) && time.ms > (cuts.get(timeCutId(writer)) ?? Infinity)
}

function timeCutId(writer: MemoryId): MemoryId {
  const bytes = Buffer.concat([Buffer.from(DOMAIN), Buffer.from(writer, 'hex')])
  return hash('sha256', bytes, 'hex').slice(0, 2 * ID_BYTES)
}
