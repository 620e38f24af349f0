/** Counts what this node asks of the DHT. */
import type { CounterFamily } from '../../core/metrics.ts'
import type { ProviderRecords } from '../../discovery/dht/capability-dht.ts'

/** The same records. A search that is left early is not counted: whoever asked had enough. */
export function measuredRecords(records: ProviderRecords, queries: CounterFamily): ProviderRecords {
  const count = (operation: 'provide' | 'find', outcome: 'success' | 'error'): void => {
    queries.of(operation, outcome).value += 1
  }
  return {
    async provide(cid, options) {
      try {
        const keepers = await records.provide(cid, options)
        count('provide', 'success')
        return keepers
      } catch (error) {
        count('provide', 'error')
        throw error
      }
    },
    async *findProviders(cid, options) {
      try {
        yield* records.findProviders(cid, options)
      } catch (error) {
        // The end of the time that a search has is its usual end.
        count('find', options.signal.aborted ? 'success' : 'error')
        throw error
      }
      count('find', 'success')
    },
    cancelReprovide: (cid) => records.cancelReprovide(cid)
  }
}
