/** Mends single rows that an audit shows not to fit each other, as after damage that nobody told of. */
import type { RecordName } from './rows.ts'
import type { MemoryId } from './record.ts'
import type { ReplicaState } from './replica-state.ts'

export interface Suspects {
  readonly writer: MemoryId
  /** The log names them, and they could not be read. */
  readonly unread: readonly RecordName[]
  /** Of records that a peer brought since the log does not name them, and that were here. */
  readonly unlogged: readonly string[]
}

/**
 * Only what this disk shows counts: a peer can make it look, and no more. Resolves with how many records
 * were mended.
 */
export async function mendRows(
  state: ReplicaState,
  { writer, unread, unlogged }: Suspects
): Promise<number> {
  const { rows, components } = state
  const logs = await components.store.getMany(unread.map((name) => rows.log(writer, name)))
  const named = unread.flatMap((name, index) => {
    const key = logs[index]
    return key === undefined ? [] : [{ name, key: Buffer.from(key).toString() }]
  })
  const winners = await state.winners([...named.map(({ key }) => key), ...unlogged])
  const changes = state.change(winners)
  let mended = 0
  for (const { name, key } of named) {
    if (winners.get(key)?.record.id === name.id) continue
    changes.unlog(writer, name)
    mended += 1
  }
  for (const { record } of winners.values()) {
    if ((await components.store.get(rows.log(record.writer, record))) !== undefined) continue
    changes.renew(record)
    mended += 1
  }
  if (mended > 0) await state.commit(changes, { sync: false })
  return mended
}
