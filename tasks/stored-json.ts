/** Values of the task database: JSON in UTF-8. */
import type { Delete, Put } from '../storage/store.ts'

export function put(key: string, value: object): Put {
  return { type: 'put', key, value: Buffer.from(JSON.stringify(value)) }
}

export function del(key: string): Delete {
  return { type: 'del', key }
}

/** What {@link put} stored: this node's own words, guarded by LevelDB's checksums and the journal's chain. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says at the call what was put there
export function parse<T>(value: Uint8Array): T {
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- never written by anybody else
  return JSON.parse(text) as T
}
