/** A table of any length: only the rows that are seen are in the page, and the whole can be walked by keys. */
import type { ComponentChildren, VNode } from 'preact'
import { useRef } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import { Sentinel } from './sentinel.tsx'
import { useViewport } from './viewport.tsx'

export interface Column<R> {
  /** Unique within the table. */
  readonly id: string
  readonly title: string
  readonly cell: (row: R) => ComponentChildren
  /** A size of CSS grids; `1fr` without it. */
  readonly width?: string
  readonly align?: 'end'
  /** What it is sorted by; without it, it cannot be. */
  readonly sort?: (row: R) => number | string
  /** `low` goes first on narrow screens, `middle` on those of phones. */
  readonly rank?: 'low' | 'middle'
}

export interface Sorting {
  readonly id: string
  readonly down: boolean
}

export interface TableProps<R> {
  /** What the rows are, in words: for those who hear it. */
  readonly label: string
  readonly columns: readonly Column<R>[]
  readonly rows: readonly R[]
  readonly keyOf: (row: R) => string
  /** Of the open row. */
  readonly selected?: string | undefined
  readonly onOpen?: (row: R) => void
  readonly sorting?: Sorting
  readonly onSort?: (sorting: Sorting) => void
  /** The end is near: time to read more. */
  readonly onEnd?: () => void
}

/** Pixels; the same for all, so that the place of each is known without looking. */
const ROW_HEIGHT = 40
/** Rows beyond the edge, for a scroll that is quicker than a frame. */
const BEYOND = 12

export function Table<R>(props: TableProps<R>): VNode {
  const { label, columns, rows, keyOf, selected, onOpen, onEnd } = props
  const body = useRef<HTMLDivElement>(null)
  const { top, height } = useViewport(body)
  const at = useSignal(0)
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - BEYOND)
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW_HEIGHT) + BEYOND)
  const active = Math.min(at.value, Math.max(0, rows.length - 1))
  const grid = {
    '--columns': widthsOf(columns, []),
    '--columns-low': widthsOf(columns, ['low']),
    '--columns-middle': widthsOf(columns, ['low', 'middle'])
  }

  const move = (event: KeyboardEvent): void => {
    const target = targetOf(event.key, active, rows.length)
    const row = rows[active]
    if (
      event.key === 'Enter' &&
      row !== undefined &&
      event.target instanceof HTMLElement &&
      event.target.role === 'row'
    ) {
      onOpen?.(row)
    }
    if (target === undefined) return
    event.preventDefault()
    at.value = target
    focusRow(body.current, target)
  }

  return (
    <div class="table" role="grid" aria-label={label} aria-rowcount={rows.length + 1} style={grid}>
      <Head {...props} />
      <div
        class="table-body"
        role="rowgroup"
        ref={body}
        style={{ height: `${rows.length * ROW_HEIGHT}px` }}
        onKeyDown={move}
      >
        {rows.slice(first, last).map((row, offset) => {
          const index = first + offset
          return (
            <Row
              key={keyOf(row)}
              {...{ row, index, columns, ...(onOpen && { onOpen }) }}
              isSelected={selected === undefined ? undefined : keyOf(row) === selected}
              isActive={index === active}
              onFocus={() => (at.value = index)}
            />
          )
        })}
      </div>
      {onEnd !== undefined && <Sentinel onSeen={onEnd} />}
    </div>
  )
}

/** For a grid without the columns of these ranks, which narrow screens do not show. */
function widthsOf<R>(columns: readonly Column<R>[], hidden: readonly Column<R>['rank'][]): string {
  return columns
    .filter(({ rank }) => rank === undefined || !hidden.includes(rank))
    .map(({ width = 'minmax(0,1fr)' }) => width)
    .join(' ')
}

interface RowProps<R> extends Pick<TableProps<R>, 'columns' | 'onOpen'> {
  readonly row: R
  readonly index: number
  /** Undefined in a table in which none can be. */
  readonly isSelected: boolean | undefined
  /** The one that Tab leads to. */
  readonly isActive: boolean
  readonly onFocus: () => void
}

function Row<R>({
  row,
  index,
  columns,
  onOpen,
  isSelected,
  isActive,
  onFocus
}: RowProps<R>): VNode {
  return (
    <div
      role="row"
      class="table-row"
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      tabIndex={isActive ? 0 : -1}
      style={{ transform: `translateY(${index * ROW_HEIGHT}px)` }}
      onFocus={onFocus}
      onClick={onOpen && (() => onOpen(row))}
    >
      {columns.map(({ id, cell, align, rank }) => (
        <div key={id} role="gridcell" class={classOf(align, rank)}>
          {cell(row)}
        </div>
      ))}
    </div>
  )
}

function Head<R>({ columns, sorting, onSort }: TableProps<R>): VNode {
  return (
    <div role="rowgroup" class="table-head">
      <div role="row" class="table-row" aria-rowindex={1}>
        {columns.map(({ id, title, sort, align, rank }) => {
          const isSorted = sorting?.id === id
          const order = isSorted ? (sorting.down ? 'descending' : 'ascending') : undefined
          return (
            <div key={id} role="columnheader" class={classOf(align, rank)} aria-sort={order}>
              {sort === undefined || onSort === undefined ? (
                title
              ) : (
                <button
                  type="button"
                  class="quiet head"
                  onClick={() => onSort({ id, down: isSorted && !sorting.down })}
                >
                  {title}
                  <span aria-hidden="true">{isSorted ? (sorting.down ? ' ↓' : ' ↑') : ''}</span>
                </button>
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** By the column that is named; rows that are equal there keep their order. */
export function sorted<R>(
  rows: readonly R[],
  columns: readonly Column<R>[],
  sorting: Sorting | undefined
): readonly R[] {
  const value = columns.find(({ id }) => id === sorting?.id)?.sort
  if (value === undefined || sorting === undefined) return rows
  const sign = sorting.down ? -1 : 1
  return rows
    .map((row) => ({ row, by: value(row) }))
    .toSorted((a, b) => sign * compare(a.by, b.by))
    .map(({ row }) => row)
}

const words = new Intl.Collator(undefined, { numeric: true })

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return words.compare(String(a), String(b))
}

function classOf(align: 'end' | undefined, rank: 'low' | 'middle' | undefined): string {
  return ['cell', align ?? '', rank ?? ''].filter((name) => name !== '').join(' ')
}

/** Rows that a page of the screen has, near enough. */
const PAGE = 12

function targetOf(key: string, at: number, length: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    j: at + 1,
    ArrowUp: at - 1,
    k: at - 1,
    PageDown: at + PAGE,
    PageUp: at - PAGE,
    Home: 0,
    End: length - 1
  }
  const step = steps[key]
  return step === undefined || length === 0 ? undefined : Math.max(0, Math.min(length - 1, step))
}

/** A row that is not in the page yet comes with the scroll. */
function focusRow(body: HTMLDivElement | null, index: number): void {
  if (body === null) return
  const top = body.getBoundingClientRect().top + index * ROW_HEIGHT
  const above = 120
  if (top < above) scrollBy(0, top - above)
  else if (top + ROW_HEIGHT > innerHeight - 16) scrollBy(0, top + ROW_HEIGHT - innerHeight + 16)
  requestAnimationFrame(() =>
    requestAnimationFrame(() =>
      body.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true })
    )
  )
}
