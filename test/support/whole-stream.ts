/** What must be true of a stream that came over a broken link. */
import { expect } from 'vitest'
import type { StreamReport } from './broken-stream.ts'

/** After these a caller takes up its stream again; others would hide a defect behind the resuming. */
const BREAKS = new Set(['SESSION_CLOSED', 'PEER_UNREACHABLE', 'SUBSCRIBER_SLOW'])

/** Every byte once and in order, every event number, one attempt, and no reason to wait but the link. */
export function expectWhole({ said, heard, result, events, positions }: StreamReport): void {
  const { bytes, sha256 } = said
  expect({ bytes: heard.bytes, sha256: heard.sha256 }).toEqual({ bytes, sha256 })
  expect({ bytes: result.bytes, sha256: result.sha256 }).toEqual({ bytes, sha256 })
  expect(events.at(-1)).toMatchObject({ type: 'result', state: 'TASK_STATE_COMPLETED' })
  expect(events.filter(({ type }) => type === 'restarted')).toEqual([])
  expect(
    events.filter((event) => event.type === 'waiting' && !BREAKS.has(event.error.code))
  ).toEqual([])
  expect(positions).toEqual(positions.map((_, seq) => ({ attempt: 1, seq })))
}
