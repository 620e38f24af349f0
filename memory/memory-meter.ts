/** What those who measure are told of shared memory. */
import type { RepairResult } from './repair/repair.ts'

export interface MemoryMeter {
  /** So many entries of a space are others than before, whoever wrote them. */
  changed(entries: number): void
  /** Two wrote the same key without having seen each other, and one of them lost. */
  conflict(): void
  /** This node has compared a space with a peer; `undefined` when that failed. */
  repaired(result: RepairResult | undefined): void
}
