/** The node's one database: opened at start with all its checks, journalled, closed last. */
import { join } from 'node:path'
import type { Component } from '../core/component.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { createBatches } from '../storage/batches.ts'
import type { Batches } from '../storage/batches.ts'
import { markDamaged } from '../storage/damage-mark.ts'
import { openDatabase } from '../storage/database-identity.ts'
import type { DatabaseReport } from '../storage/database-identity.ts'
import { createGroupCommit } from '../storage/group-commit.ts'
import type { GroupCommit } from '../storage/group-commit.ts'
import { createMemoryStore } from '../storage/memory-store.ts'
import { openJournal } from '../storage/journal.ts'
import type { Journal } from '../storage/journal.ts'
import { createGuardedStore } from '../storage/writable-state.ts'
import type { GuardedStore, WritableState } from '../storage/writable-state.ts'
import { MIGRATIONS } from './migrations.ts'
import type { NodeComponents } from './wire.ts'

export interface DatabaseInit {
  /** Folder that holds the database and what is told about it. */
  readonly directory: string
}

export interface NodeDatabase extends Component {
  /** Both throw STORE_CLOSED before the start and after the stop. */
  readonly store: GuardedStore
  readonly tasks: Batches
  /** `undefined` while it is not open. */
  readonly state: WritableState | undefined
  /** LevelDB's folder; `undefined` for one in memory. */
  readonly path: string | undefined
  /** What the last start found amiss, in words: repairs, losses. */
  readonly findings: readonly string[]
}

/** How often the journal forgets what no start would look at: a minute's records are some MiB at most. */
export const TRIM_INTERVAL_MS = 60_000

interface Opened {
  readonly store: GuardedStore
  readonly commit: GroupCommit
  readonly journal: Journal
  readonly tasks: Batches
  readonly findings: readonly string[]
}

export function createNodeDatabase(components: NodeComponents, init: DatabaseInit): NodeDatabase {
  return new OneDatabase(components, init)
}

/** One that ends with its process, for nodes whose tasks are not worth a disk. */
export function createMemoryDatabase({ clock }: Pick<NodeComponents, 'clock'>): NodeDatabase {
  const store = createGuardedStore({ clock, store: createMemoryStore() })
  const commit = createGroupCommit({ store })
  const tasks = createBatches({
    append: async (_, { sync, operations = [] }) => {
      await commit.append(operations, { sync })
      return 0
    }
  })
  return {
    store,
    tasks,
    get state() {
      return store.state
    },
    path: undefined,
    findings: [],
    start: () => Promise.resolve(),
    stop: () => Promise.resolve()
  }
}

class OneDatabase implements NodeDatabase {
  readonly #parts: NodeComponents
  readonly #logger: Logger
  readonly #directory: string
  #opened: Opened | undefined
  #closing = new AbortController()
  /** Never rejects. */
  #trimming: Promise<void> | undefined
  /** There while the next start is told of damage; never rejects. */
  #marking: Promise<void> | undefined

  constructor(components: NodeComponents, { directory }: DatabaseInit) {
    this.#parts = components
    this.#logger = components.logger.child('storage')
    this.#directory = directory
  }

  get store(): GuardedStore {
    return this.#use().store
  }

  get tasks(): Batches {
    return this.#use().tasks
  }

  get state(): WritableState | undefined {
    return this.#opened?.store.state
  }

  async start(): Promise<void> {
    if (this.#opened !== undefined) return
    try {
      this.#opened = await this.#open(false)
    } catch (error) {
      // Damage that only reading finds: LevelDB opened it, and the journal could not be checked.
      if (toLumosError(error).code !== 'STORE_CORRUPT') throw error
      this.#logger.error('the database is damaged and will be repaired', { error })
      this.#opened = await this.#open(true)
    }
    this.#closing = new AbortController()
    this.#trimming = this.#trim(this.#opened.journal, this.#closing.signal)
  }

  async stop(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    if (opened === undefined) return
    this.#closing.abort()
    await this.#trimming
    try {
      await opened.journal.close()
    } catch (error) {
      this.#logger.warn('the end of the journal was not written down', { error })
    }
    await opened.commit.close()
    await opened.store.close()
    await this.#marking
  }

  get path(): string {
    return join(this.#directory, 'database')
  }

  get findings(): readonly string[] {
    return this.#opened?.findings ?? []
  }

  #use(): Opened {
    if (this.#opened === undefined) throw new LumosError('STORE_CLOSED')
    return this.#opened
  }

  async #open(repair: boolean): Promise<Opened> {
    const { clock, random } = this.#parts
    const { path } = this
    const { store: bare, reports } = await openDatabase(
      { clock, random },
      { path, migrations: MIGRATIONS, repair }
    )
    for (const report of reports) this.#logger.warn(describe(report), { ...report })
    const store = createGuardedStore({ clock, store: bare })
    try {
      const commit = createGroupCommit({ store })
      const directory = this.#directory
      const journal = await openJournal({ clock, store, commit }, { name: 'tasks', directory })
      this.#tell(store, journal)
      const findings = [...reports.map(describe), ...losses(journal)]
      return { store, commit, journal, tasks: createBatches(journal), findings }
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async #trim(journal: Journal, closing: AbortSignal): Promise<void> {
    while (await this.#parts.clock.sleep(TRIM_INTERVAL_MS, closing)) {
      try {
        await journal.trim(journal.sequence)
      } catch (error) {
        // Why, the state of the database tells already.
        this.#logger.debug('the journal was not made shorter', { error })
      }
    }
  }

  #tell(store: GuardedStore, journal: Journal): void {
    for (const loss of losses(journal)) this.#logger.error(loss, { ...journal.report })
    store.events.on('changed', (state) => {
      if (state.name === 'writable') this.#logger.info('the database takes writes again')
      else this.#refused(state.error)
    })
  }

  #refused(why: LumosError): void {
    this.#logger.error(why.message, { code: why.code })
    if (why.code !== 'STORE_CORRUPT') return
    this.#marking = markDamaged(this.path, why.message).catch((cause: unknown) => {
      this.#logger.error('the next start will not look for the damage', { error: cause })
    })
  }
}

function describe({ event }: DatabaseReport): string {
  if (event === 'missing') return 'the database is gone: a new one was made'
  if (event === 'replaced') return 'the database was another one: it was moved aside'
  if (event === 'found whole') return 'the database was found damaged, but all of it can be read'
  if (event === 'repaired') return 'the database was damaged: it was repaired, and a copy kept'
  return 'the identity file of the database was gone and was written again'
}

function losses({ report }: Journal): readonly string[] {
  return report.breakCount > 0 || report.tailLost > 0 ? ['the journal has lost records'] : []
}
