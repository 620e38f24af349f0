/** The waterfall: one row a span, its bar in the colour of its node, its facts when it is opened. */
import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { TraceSpan } from '../../../client/trace-api.ts'
import { duration } from '../../format.ts'
import { layOut } from '../../model/waterfall.ts'
import type { WaterfallRow } from '../../model/waterfall.ts'
import { Name } from '../../parts/name.tsx'
import { Facts } from '../../parts/panel.tsx'

export interface WaterfallProps {
  readonly spans: readonly TraceSpan[]
  readonly tookMs: number
}

/** Rows that are drawn at once; whoever wants more says so. */
const PAGE = 200
/** Nodes that have a colour of their own. */
const LANES = 6

export function WaterfallView({ spans, tookMs }: WaterfallProps): VNode {
  const folded = useSignal<ReadonlySet<string>>(new Set())
  const opened = useSignal('')
  const most = useSignal(PAGE)
  const { rows, nodes, totalMs, ticks } = useMemo(
    () => layOut({ spans, tookMs, folded: folded.value }),
    [spans, tookMs, folded.value]
  )
  const fold = (id: string): void => {
    const next = new Set(folded.value)
    if (!next.delete(id)) next.add(id)
    folded.value = next
  }
  return (
    <div class="waterfall">
      <p class="lanes">
        {nodes.map(({ id, name }, place) => (
          <span key={id} class={`lane lane-${place % LANES}`}>
            <i aria-hidden="true" />
            <Name text={name} id={id} />
          </span>
        ))}
      </p>
      <div class="axis num" aria-hidden="true">
        {ticks.map(({ ms, at }) => (
          <span key={ms} style={{ '--at': at }}>
            {tickWords(ms, totalMs)}
          </span>
        ))}
      </div>
      <ol aria-label="Spans">
        {rows.slice(0, most.value).map((row) => (
          <Row
            key={row.span.id}
            row={row}
            isOpen={opened.value === row.span.id}
            onFold={() => fold(row.span.id)}
            onOpen={() => (opened.value = opened.value === row.span.id ? '' : row.span.id)}
          />
        ))}
      </ol>
      {rows.length > most.value && (
        <button type="button" class="small" onClick={() => (most.value += 5 * PAGE)}>
          {rows.length - most.value} more
        </button>
      )}
    </div>
  )
}

function tickWords(ms: number, totalMs: number): string {
  if (ms === 0) return '0'
  if (totalMs < 1) return `${(ms * 1000).toFixed(0)} µs`
  if (totalMs < 5) return `${ms.toFixed(1)} ms`
  return duration(ms)
}

interface RowProps {
  readonly row: WaterfallRow
  readonly isOpen: boolean
  readonly onFold: () => void
  readonly onOpen: () => void
}

function Row({ row, isOpen, onFold, onOpen }: RowProps): VNode {
  const { span, depth, left, width, below, folded, lane } = row
  const took = span.tookMs === null ? 'goes on' : duration(span.tookMs)
  const tone = span.error !== '' ? 'failed' : span.tookMs === null ? 'open' : ''
  return (
    <li class={`lane-${lane % LANES} ${tone}`}>
      <div class="span" style={{ '--depth': depth, '--left': left, '--width': width }}>
        <span class="what">
          {below > 0 ? (
            <button
              type="button"
              class="quiet fold"
              aria-expanded={!folded}
              aria-label={`${folded ? 'Show' : 'Hide'} ${below} below`}
              onClick={onFold}
            >
              {folded ? '▸' : '▾'}
            </button>
          ) : (
            <i class="fold" aria-hidden="true" />
          )}
          <button type="button" class="quiet open" aria-expanded={isOpen} onClick={onOpen}>
            <b>{span.name}</b> <bdi>{span.subject}</bdi>
            {span.error !== '' && <code> {span.error}</code>}
            <span class="hidden-words">
              {' '}
              on {span.node.name}, {took}
            </span>
          </button>
        </span>
        <span class="bar" aria-hidden="true" onClick={onOpen}>
          <i />
          <em class="num">{took}</em>
        </span>
      </div>
      {isOpen && <SpanFacts span={span} />}
    </li>
  )
}

function SpanFacts({ span }: { readonly span: TraceSpan }): VNode {
  return (
    <div class="span-facts">
      <Facts
        facts={[
          ['Node', <Name key="n" text={span.node.name} id={span.node.id} />],
          ['Begins after', duration(span.startMs)],
          ['Takes', span.tookMs === null ? 'goes on' : duration(span.tookMs)],
          ...(span.error === ''
            ? []
            : [['Failed with', <code key="e">{span.error}</code>] as const]),
          ...Object.entries(span.attributes).map(
            ([name, value]) => [name, <bdi key={name}>{String(value)}</bdi>] as const
          ),
          ...span.events.map(
            ({ name, atMs }, place) =>
              [`after ${duration(atMs)}`, <bdi key={`event ${place}`}>{name}</bdi>] as const
          )
        ]}
      />
    </div>
  )
}
