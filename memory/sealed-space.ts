/** A sealed space as its members use it: keys and values are sealed on the way in and opened on the way out. */
import { LumosError, toLumosError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import type { Secret } from '../core/secret.ts'
import type { AuthorKey } from './record.ts'
import type { EntryQuery } from './replica-reader.ts'
import type { Replica } from './replica.ts'
import { createSeal } from './sealing.ts'
import type { Seal } from './sealing.ts'
import type { MemoryEntry, MemorySpace, WatchEvent } from './shared-memory.ts'
import { secretsOf } from './space-secrets.ts'
import type { Statement } from './statement.ts'

export interface SealedSpaceComponents {
  readonly random: Random
  readonly replica: Pick<Replica, 'space' | 'statements'>
  /** This node's key, and the seed of its private half. */
  readonly author: AuthorKey
  readonly seed: Secret<Uint8Array>
  /** Makes the first secret, when this node is the owner and there is none. */
  readonly begin: () => Promise<void>
}

/**
 * The order of sealed keys says nothing: what is below the last `/` of a prefix is read whole, opened and
 * sorted. What cannot be opened, because somebody wrote nonsense or a secret has not come yet, is left out.
 */
export function createSealedSpace(
  components: SealedSpaceComponents,
  sealed: MemorySpace
): MemorySpace {
  const { replica, author, begin } = components
  const current = createCurrentSeal(components)

  async function forWriting(): Promise<Seal> {
    if (current() === undefined && replica.space.owner === author) await begin()
    return current() ?? missing()
  }

  return {
    space: replica.space,
    get statements() {
      const seal = current()
      return seal === undefined ? sealed.statements : sealed.statements.map(openedBy(seal))
    },
    async get(key) {
      const seal = current() ?? missing()
      const entry = await sealed.get(seal.sealKey(key))
      return entry && openEntry(seal, entry)
    },
    async put(key, value, options) {
      const seal = await forWriting()
      const sealedKey = seal.sealKey(key)
      const entry = await sealed.put(sealedKey, seal.sealValue(sealedKey, value), options)
      return { ...entry, key, value }
    },
    delete: async (key) => sealed.delete((await forWriting()).sealKey(key)),
    list: (query = {}) => listOpened(current() ?? missing(), sealed, query),
    async *watch({ prefix = '', after } = {}, signal) {
      const seal = current() ?? missing()
      const query = { prefix: sealPrefix(seal, folderOf(prefix)), ...(after && { after }) }
      for await (const event of sealed.watch(query, signal)) {
        // By then a newer secret may have come.
        const opened = openEvent(current() ?? seal, event)
        if (opened !== undefined && isBelow(opened, prefix)) yield opened
      }
    },
    async history(key) {
      const seal = current() ?? missing()
      const entries = await sealed.history(seal.sealKey(key))
      return entries.flatMap((entry) => tryOpen(() => openEntry(seal, entry)) ?? [])
    },
    status: () => sealed.status(),
    async grant(to, grant) {
      const seal = await forWriting()
      await sealed.grant(to, { ...grant, prefix: sealPrefix(seal, grant.prefix) })
    },
    async revoke(from) {
      await forWriting()
      await sealed.revoke(from)
    }
  }
}

/** With the secrets that the owner has given this node so far; `undefined` without the first. */
function createCurrentSeal({
  random,
  replica,
  author,
  seed
}: SealedSpaceComponents): () => Seal | undefined {
  let known = -1
  let seal: Seal | undefined
  return () => {
    const { statements, space } = replica
    // Statements are only ever added.
    if (statements.length !== known) {
      known = statements.length
      const secrets = secretsOf(seed, { space: space.id, author }, statements)
      seal = secrets.has(1) ? createSeal({ random }, { space: space.id, secrets }) : undefined
    }
    return seal
  }
}

async function* listOpened(
  seal: Seal,
  sealed: MemorySpace,
  { prefix = '', after, limit = Infinity, reverse = false }: EntryQuery
): AsyncGenerator<MemoryEntry> {
  const found: MemoryEntry[] = []
  for await (const entry of sealed.list({ prefix: sealPrefix(seal, folderOf(prefix)) })) {
    const opened = tryOpen(() => openEntry(seal, entry))
    if (opened?.key.startsWith(prefix)) found.push(opened)
  }
  const sign = reverse ? -1 : 1
  const behind = found
    .toSorted((a, b) => sign * compareKeys(a.key, b.key))
    .filter(({ key }) => after === undefined || sign * compareKeys(key, after) > 0)
  yield* behind.slice(0, limit)
}

/** As the rows of a space that is not sealed. */
function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Up to the last `/`: half a segment cannot be sealed. */
function folderOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf('/') + 1)
}

/** @param prefix empty, or ends with `/` */
function sealPrefix(seal: Seal, prefix: string): string {
  return folderOf(seal.sealKey(`${prefix}-`))
}

function openPrefix(seal: Seal, prefix: string): string {
  return prefix === '' ? '' : `${seal.openKey(prefix.slice(0, -1))}/`
}

function openEntry(seal: Seal, entry: MemoryEntry): MemoryEntry {
  const { key, value } = entry
  return { ...entry, key: seal.openKey(key), value: seal.openValue(key, value) }
}

function openEvent(seal: Seal, event: WatchEvent): WatchEvent | undefined {
  if (event.type === 'put') {
    return tryOpen(() => ({ ...event, entry: openEntry(seal, event.entry) }))
  }
  if (event.type === 'delete') return tryOpen(() => ({ ...event, key: seal.openKey(event.key) }))
  return event
}

function isBelow(event: WatchEvent, prefix: string): boolean {
  if (event.type === 'put') return event.entry.key.startsWith(prefix)
  return event.type !== 'delete' || event.key.startsWith(prefix)
}

/** Grants as they were meant; their bytes stay what they are. */
function openedBy(seal: Seal): (statement: Statement) => Statement {
  return (statement) => {
    if (statement.kind !== 'grant') return statement
    const prefix = tryOpen(() => openPrefix(seal, statement.prefix))
    return prefix === undefined ? statement : { ...statement, prefix }
  }
}

function tryOpen<T>(open: () => T): T | undefined {
  try {
    return open()
  } catch (error) {
    if (toLumosError(error).code === 'SEAL_BROKEN') return undefined
    throw error
  }
}

function missing(): never {
  throw new LumosError('SEAL_BROKEN')
}
