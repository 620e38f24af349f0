/** What all statements of a space's owner come to: a function of their set, so that replicas agree. */
import type { AuthorKey, MemoryId, MemoryRecord } from '../replica/record.ts'
import { isAfterCut } from './cut-time.ts'
import type { Genesis } from './space.ts'
import type { Grant, Statement } from './statement.ts'

export interface Access {
  /** Whether `author` may have written `record`; depends on nothing but the statements. */
  mayWrite(author: AuthorKey, record: WriteClaim): boolean
  /** Whether a revocation cuts the writer below this number: then it stays so, whatever is granted later. */
  isCut(place: Pick<MemoryRecord, 'writer' | 'sequence'>): boolean
  /** Whether `author` may write anything at all: then its claims and those about it have a use. */
  mayWriteSomething(author: AuthorKey): boolean
  /** Whether `author` may be told what is in the space. */
  mayRead(author: AuthorKey, now: number): boolean
}

export type WriteClaim = Pick<MemoryRecord, 'writer' | 'sequence' | 'key' | 'time'>

type NumberedGrant = Grant & { readonly number: number }

/** What a space gives without a statement: numbered below all, so that any revocation ends it. */
const GIVEN: NumberedGrant = { kind: 'grant', role: 'write', prefix: '', number: 0 }

export function createAccess(genesis: Genesis, statements: Iterable<Statement>): Access {
  const { grants, ended, cuts } = fold(statements)

  function grantsOf(author: AuthorKey): readonly NumberedGrant[] {
    const said = grants.get(author) ?? []
    const given = author === genesis.owner || genesis.mode === 'open'
    // In an owner-only space grants let people read.
    const own = genesis.mode === 'owner-only' ? said.map(readOnly) : said
    return given ? [GIVEN, ...own] : own
  }

  function isCut({ writer, sequence }: Pick<MemoryRecord, 'writer' | 'sequence'>): boolean {
    return sequence > (cuts.get(writer) ?? Infinity)
  }

  return {
    isCut,
    mayWrite(author, record) {
      if (isCut(record) || isAfterCut(cuts, record)) return false
      const { writer, key, time } = record
      const corner = isCorner(key)
      if (corner && !key.startsWith(cornerOf(author))) return false
      const end = ended.get(author) ?? 0
      return grantsOf(author).some(
        ({ role, number, prefix, notAfter = Infinity }) =>
          role === 'write' &&
          time.ms <= notAfter &&
          (corner || key.startsWith(prefix)) &&
          (number >= end || cuts.has(writer))
      )
    },
    mayWriteSomething(author) {
      const end = ended.get(author) ?? 0
      return grantsOf(author).some(({ role, number }) => role === 'write' && number >= end)
    },
    mayRead(author, now) {
      if (genesis.mode !== 'members' && !genesis.sealed) return true
      const end = ended.get(author) ?? 0
      return grantsOf(author).some(
        ({ number, notAfter = Infinity }) => number >= end && now <= notAfter
      )
    }
  }
}

/** Keys that begin so are for one author only: whoever else has grants, nobody collides there. */
export function cornerOf(author: AuthorKey): string {
  return `~${author}/`
}

function isCorner(key: string): boolean {
  return key.startsWith('~')
}

function readOnly(grant: NumberedGrant): NumberedGrant {
  return { ...grant, role: 'read' }
}

interface Folded {
  readonly grants: ReadonlyMap<AuthorKey, readonly NumberedGrant[]>
  /** Number of the last revocation of all grants; those of lower numbers have ended. */
  readonly ended: ReadonlyMap<AuthorKey, number>
  /** The lowest cut of each writer. */
  readonly cuts: ReadonlyMap<MemoryId, number>
}

function fold(statements: Iterable<Statement>): Folded {
  const grants = new Map<AuthorKey, NumberedGrant[]>()
  const ended = new Map<AuthorKey, number>()
  const cuts = new Map<MemoryId, number>()
  for (const statement of statements) {
    const { author, number } = statement
    if (statement.kind === 'grant') {
      grants.set(author, [...(grants.get(author) ?? []), statement])
      continue
    }
    if (statement.kind === 'secret') continue
    if (statement.endsGrants) ended.set(author, Math.max(number, ended.get(author) ?? 0))
    for (const { writer, sequence } of statement.cuts) {
      cuts.set(writer, Math.min(sequence, cuts.get(writer) ?? Infinity))
    }
  }
  return { grants, ended, cuts }
}
