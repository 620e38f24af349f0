/** One level of a space: folders and keys, read as far as one scrolls, and lit up as they change. */
import type { VNode } from 'preact'
import { useRef } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { MemoryEvent } from '../../../client/memory-api.ts'
import { useStream } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { emptyLevel, withChanges, withPage } from '../../model/memory-level.ts'
import type { Level, LevelRow } from '../../model/memory-level.ts'
import { Command } from '../../parts/command.tsx'
import { Empty } from '../../parts/empty.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { Name } from '../../parts/name.tsx'
import { Sentinel } from '../../parts/sentinel.tsx'
import { Ago } from '../../parts/time.tsx'
import { useNames, writtenAt } from './writer.tsx'
import { changesOf } from './changes.ts'
import { freshness } from './freshness.ts'
import { preview } from './preview.ts'

export interface LevelViewProps {
  readonly space: string
  readonly prefix: string
  readonly selected: string
  readonly onFolder: (prefix: string) => void
  readonly onKey: (key: string) => void
}

const PAGE = 100

export function LevelView(props: LevelViewProps): VNode {
  const { space, prefix, selected, onFolder, onKey } = props
  const { level, error, readOn, isLive } = useLevel(space, prefix)
  return (
    <section class="panel keys-panel" aria-label="Keys">
      <Crumbs space={space} prefix={prefix} onFolder={onFolder} />
      {error !== undefined && <ErrorBox error={error} onRetry={readOn} />}
      {level.rows.length === 0 && level.after === undefined && <Nothing prefix={prefix} />}
      <ul>
        {level.rows.map((row) => (
          <Row
            key={row.name}
            row={row}
            isSelected={row.fact !== undefined && row.fact.key === selected}
            onOpen={() =>
              row.fact === undefined ? onFolder(`${prefix}${row.name}`) : onKey(row.fact.key)
            }
          />
        ))}
      </ul>
      {level.after !== undefined && level.after !== '' && error === undefined && (
        // Another one for each page: it is seen anew when the page was short.
        <Sentinel key={level.after} onSeen={readOn} />
      )}
      {!isLive && (
        <p class="dim" role="status">
          Not live: changes are shown when the node is back.
        </p>
      )}
    </section>
  )
}

/** Reads from the position on from which it is watched: nothing is missed in between. */
function useLevel(space: string, prefix: string) {
  const { client } = useDashboard()
  const level = useSignal<Level>(emptyLevel(prefix))
  const error = useSignal<unknown>(undefined)
  /** The read that counts; one that was begun before the level was emptied does not. */
  const reading = useRef<symbol | undefined>(undefined)
  const readOn = async (): Promise<void> => {
    const { after } = level.peek()
    if (reading.current !== undefined || after === undefined) return
    const own = Symbol('reading')
    reading.current = own
    error.value = undefined
    const query = { limit: PAGE, ...(prefix && { prefix }), ...(after !== '' && { after }) }
    try {
      const { facts, next } = await client.memory.list(space, query)
      if (reading.current === own) level.value = withPage(level.peek(), facts, next === '')
    } catch (reason) {
      if (reading.current === own) error.value = reason
    }
    if (reading.current === own) reading.current = undefined
  }
  const begin = (): void => {
    reading.current = undefined
    level.value = emptyLevel(prefix)
    void readOn()
  }
  const state = useStream<MemoryEvent>(`${space}\n${prefix}`, {
    open: (signal) => changesOf(client.memory, { space, prefix, signal }),
    begin,
    take(events) {
      if (events.some(({ type }) => type === 'reset')) begin()
      else level.value = withChanges(level.peek(), events)
    }
  })
  return {
    level: level.value,
    error: state.is === 'failed' ? state.error : error.value,
    readOn: () => void readOn(),
    isLive: state.is === 'open' || state.is === 'opening'
  }
}

function Crumbs({
  space,
  prefix,
  onFolder
}: {
  readonly space: string
  readonly prefix: string
  readonly onFolder: (prefix: string) => void
}): VNode {
  const parts = prefix.split('/').slice(0, -1)
  return (
    <nav class="crumbs" aria-label="Where in the space">
      <button type="button" class="quiet small" onClick={() => onFolder('')}>
        <bdi>{space}</bdi>
      </button>
      {parts.map((part, place) => (
        <span key={place}>
          <span class="dim">/</span>
          <button
            type="button"
            class="quiet small"
            onClick={() => onFolder(`${parts.slice(0, place + 1).join('/')}/`)}
          >
            <bdi>{part}</bdi>
          </button>
        </span>
      ))}
    </nav>
  )
}

function Nothing({ prefix }: { readonly prefix: string }): VNode {
  if (prefix !== '') return <Empty title="Nothing is known here (any more)." />
  return (
    <Empty title="Nothing is known in this space yet.">
      <p>What agents and people of the swarm write is here at once:</p>
      <Command text={'lumos memory put trips/next \'{"city":"Rome"}\''} />
    </Empty>
  )
}

interface RowProps {
  readonly row: LevelRow
  readonly isSelected: boolean
  readonly onOpen: () => void
}

function Row({ row, isSelected, onOpen }: RowProps): VNode {
  const { name, fact, changes } = row
  const nameOf = useNames()
  return (
    <li>
      <button
        type="button"
        class={`fact-row ${freshness(changes)}`}
        aria-current={isSelected ? 'true' : undefined}
        onClick={onOpen}
      >
        <bdi class="key mono">{name}</bdi>
        {fact === undefined ? (
          <span class="dim">folder</span>
        ) : (
          <>
            <bdi class="preview dim">{preview(fact.value)}</bdi>
            <span class="dim by">
              <Name text={nameOf(fact.writer)} id={fact.writer} />
              {', '}
              <Ago iso={writtenAt(fact.hlc)} />
            </span>
          </>
        )}
      </button>
    </li>
  )
}
