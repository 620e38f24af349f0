/** Names of the session calls by which replicas repair each other (docs/protocols/memory.md, "Repair"). */

export const REPLICATION_METHODS = {
  /** Spaces that the one who is told may read. */
  offer: 'memory.offer',
  summary: 'memory.summary',
  statements: 'memory.statements',
  admit: 'memory.admit',
  vector: 'memory.vector',
  /** Stream: what the asker's vector does not cover. */
  pull: 'memory.pull',
  push: 'memory.push',
  writers: 'memory.writers',
  blocks: 'memory.blocks',
  names: 'memory.names',
  /** Stream: the named records. */
  records: 'memory.records'
} as const
