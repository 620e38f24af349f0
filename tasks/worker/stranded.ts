/** Tasks that the store could not keep to their end: gone on with once it takes writes again. */
import type { TaskRecord } from './task-store.ts'

export class Stranded {
  #records: TaskRecord[] = []

  add(record: TaskRecord): void {
    this.#records.push(record)
  }

  /** Throws what `goOn` throws; that task and those behind it are left to the next time. */
  async settle(goOn: (record: TaskRecord) => Promise<void>): Promise<void> {
    const records = this.#records
    this.#records = []
    for (const [index, record] of records.entries()) {
      try {
        await goOn(record)
      } catch (error) {
        this.#records.push(...records.slice(index))
        throw error
      }
    }
  }
}
