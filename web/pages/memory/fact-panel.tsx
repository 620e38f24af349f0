/** What is known under one key: its value, who wrote it, and what it won against. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import type { MemoryEvent } from '../../../client/memory-api.ts'
import type { Json } from '../../../core/json.ts'
import type { Fact } from '../../../core/memory.ts'
import { useAnswer, useStream } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { Badge } from '../../parts/badge.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { JsonView } from '../../parts/json-view.tsx'
import { Name } from '../../parts/name.tsx'
import { Facts } from '../../parts/panel.tsx'
import { Ago } from '../../parts/time.tsx'
import { changesOf } from './changes.ts'
import { freshness } from './freshness.ts'
import { blobIn, kindOf } from './preview.ts'
import { WriteDialog } from './write-dialog.tsx'
import { useNames, writtenAt } from './writer.tsx'

export interface FactPanelProps {
  readonly space: string
  readonly name: string
  readonly onClose: () => void
}

export function FactPanel({ space, name, onClose }: FactPanelProps): VNode {
  const { client } = useDashboard()
  /** Counts what was told of the key. */
  const changes = useSignal(0)
  useStream<MemoryEvent>(`${space}\n${name}`, {
    open: (signal) => changesOf(client.memory, { space, prefix: name, signal }),
    begin: () => undefined,
    take(events) {
      const own = events.filter(
        (event) => (event.type === 'put' || event.type === 'delete') && event.key === name
      )
      if (own.length > 0) changes.value += 1
    }
  })
  const asked = useAnswer(
    `${space}\n${name}`,
    (signal) => client.memory.history(space, name, { signal }),
    changes.value
  )
  const { value: history, error } = asked
  const current = history?.current ?? undefined
  return (
    <section class="panel fact" aria-label="Value">
      <header>
        <h2>
          <bdi class="mono">{name}</bdi>
        </h2>
        <button type="button" class="quiet small" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      {error !== undefined && <ErrorBox error={error} onRetry={asked.again} />}
      {history !== undefined && current === undefined && (
        <p class="dim">Nothing is known under this key: it was deleted, or has expired.</p>
      )}
      {current !== undefined && <Current space={space} fact={current} changes={changes.value} />}
      {history !== undefined && history.lost.length > 0 && (
        <Lost lost={history.lost} current={current} />
      )}
    </section>
  )
}

function Current({
  space,
  fact,
  changes
}: {
  readonly space: string
  readonly fact: Fact
  readonly changes: number
}): VNode {
  const nameOf = useNames()
  return (
    <>
      <div class={`value ${freshness(changes)}`}>
        <Value value={fact.value} />
      </div>
      <Facts
        facts={[
          ['Is', kindOf(fact.value)],
          ['Written by', <Name key="w" text={nameOf(fact.writer)} id={fact.writer} />],
          ['When', <Ago key="a" iso={writtenAt(fact.hlc)} />],
          ...(fact.expiresAt === undefined
            ? []
            : [
                [
                  'Expires',
                  <time key="e" dateTime={fact.expiresAt}>
                    {fact.expiresAt}
                  </time>
                ] as const
              ]),
          ['Order', <code key="o">{fact.hlc}</code>]
        ]}
      />
      <Actions space={space} fact={fact} />
    </>
  )
}

function Value({ value }: { readonly value: Json }): VNode {
  const blob = blobIn(value)
  if (blob !== undefined) {
    return (
      <p class="file">
        {kindOf(value)} <code class="dim">{blob.hash}</code>
      </p>
    )
  }
  if (typeof value !== 'string') return <JsonView value={value} />
  return (
    <p class="said text" dir="auto">
      {value}
    </p>
  )
}

function Actions({ space, fact }: { readonly space: string; readonly fact: Fact }): VNode {
  const { client } = useDashboard()
  const wants = useSignal<'' | 'write' | 'remove'>('')
  const failure = useSignal<unknown>(undefined)
  const close = (): void => {
    wants.value = ''
  }
  const remove = (): void => {
    failure.value = undefined
    client.memory.remove(space, fact.key).catch((error: unknown) => (failure.value = error))
  }
  const text =
    typeof fact.value === 'string' ? fact.value : JSON.stringify(fact.value, undefined, 2)
  return (
    <>
      <div class="row">
        <button type="button" onClick={() => (wants.value = 'write')}>
          Change
        </button>
        <button type="button" onClick={() => (wants.value = 'remove')}>
          Remove
        </button>
        <CopyButton text={text} what="the value" />
      </div>
      {failure.value !== undefined && <ErrorBox error={failure.value} />}
      {wants.value === 'write' && (
        <WriteDialog space={space} prefix="" fact={fact} onClose={close} onWritten={close} />
      )}
      {wants.value === 'remove' && (
        <Confirm title="Remove it everywhere?" does="Remove" onClose={close} onConfirm={remove}>
          <p>
            What is known under <bdi class="mono">{fact.key}</bdi> is deleted on all nodes of the
            swarm.
          </p>
        </Confirm>
      )}
    </>
  )
}

/** Writes that had not seen each other: one of them won, and this shows the others. */
function Lost({
  lost,
  current
}: {
  readonly lost: readonly Fact[]
  readonly current: Fact | undefined
}): VNode {
  const nameOf = useNames()
  return (
    <section class="conflict" aria-label="Conflicts">
      <h3>
        <Badge tone="warn" text={lost.length === 1 ? 'a conflict' : `${lost.length} conflicts`} />
      </h3>
      <p class="dim">
        These were written by nodes that had not seen the write that won
        {current !== undefined && (
          <>
            , of <Name text={nameOf(current.writer)} id={current.writer} />
          </>
        )}
        . The later one wins, by the order above.
      </p>
      <ul>
        {lost.map((fact) => (
          <li key={fact.hlc}>
            <p>
              <Name text={nameOf(fact.writer)} id={fact.writer} />
              <span class="dim">
                {' wrote '}
                <Ago iso={writtenAt(fact.hlc)} />, and lost
              </span>
            </p>
            <Value value={fact.value} />
          </li>
        ))}
      </ul>
    </section>
  )
}
