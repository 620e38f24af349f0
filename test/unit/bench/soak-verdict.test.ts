import { expect, test } from 'vitest'
import type { InsideSample, Sample, Stall } from '../../../bench/soak/samples.ts'
import { slopePerHour } from '../../../bench/soak/slope.ts'
import { judgeNode } from '../../../bench/soak/verdict.ts'

const MINUTE = 60_000
const MB = 1e6

interface Shape {
  /** Bytes after a full collection, at a minute. */
  readonly heap?: (minute: number) => number
  readonly handles?: (minute: number) => number
  readonly waitedMs?: (minute: number) => number
  readonly stalls?: (minute: number) => readonly Omit<Stall, 'at'>[]
}

/** An hour of one node, looked at once a minute. */
function hourOf({
  heap = () => 70 * MB,
  handles = () => 40,
  stalls = () => [],
  waitedMs = () => 0
}: Shape): readonly Sample[] {
  return Array.from({ length: 61 }, (_, minute): InsideSample => {
    const at = minute * MINUTE
    return {
      type: 'inside',
      node: 'n0',
      at,
      pid: 1,
      heapUsed: heap(minute),
      external: 0,
      arrayBuffers: 0,
      fullCollections: 1,
      collectionMs: 1,
      gapMs: 0,
      ownMs: 0,
      waitedMs: waitedMs(minute),
      stalls: stalls(minute).map((stall) => ({ at, ...stall })),
      resources: { TCPSocketWrap: handles(minute) },
      listeners: 11,
      warnings: {},
      census: { heapBytes: heap(minute), tookMs: 50 }
    }
  })
}

function grownOf(shape: Shape): string[] {
  const { figures } = judgeNode('n0', hourOf(shape))
  return figures.filter(({ grown, allowed }) => grown > allowed).map(({ name }) => name)
}

test('single odd values do not change a slope', () => {
  const line = Array.from({ length: 60 }, (_, minute) => ({ at: minute * MINUTE, value: minute }))
  const odd = line.map((point, index) => (index % 10 === 3 ? { ...point, value: 1000 } : point))
  expect(slopePerHour(line)).toBeCloseTo(60)
  expect(slopePerHour(odd)).toBeCloseTo(60, 0)
})

test('what stays or goes up and down is no growth', () => {
  expect(grownOf({ heap: (minute) => (70 + (minute % 5)) * MB })).toEqual([])
})

test('finds a heap that grows by 12 MB in an hour, and not one that grows by 3', () => {
  expect(grownOf({ heap: (minute) => (70 + minute * 0.2) * MB })).toEqual(['heap after collecting'])
  expect(grownOf({ heap: (minute) => (70 + minute * 0.05) * MB })).toEqual([])
})

test('what fills up in the first third is not held against a node', () => {
  expect(grownOf({ heap: (minute) => (50 + Math.min(minute, 20)) * MB })).toEqual([])
})

test('finds handles that are never closed', () => {
  expect(grownOf({ handles: (minute) => 40 + minute })).toEqual(['handles'])
})

test('a node that others kept from its core did not stand still by itself', () => {
  const { longestGapMs, longestOwnMs, ownStalls } = judgeNode(
    'n0',
    hourOf({ stalls: (minute) => (minute === 30 ? [{ gapMs: 400, ownMs: 20, cpuMs: 20 }] : []) })
  )
  expect({ longestGapMs, longestOwnMs, ownStalls }).toEqual({
    longestGapMs: 400,
    longestOwnMs: 20,
    ownStalls: 0
  })
})

test('tells how much of the time a node had no core', () => {
  const { waitShare } = judgeNode('n0', hourOf({ waitedMs: () => 15_000 }))
  expect(waitShare).toBeCloseTo(0.25)
})

test('counts what a node stood still, but for the first moments of its process', () => {
  const stall = { gapMs: 150, ownMs: 150, cpuMs: 140 }
  const { ownStalls } = judgeNode(
    'n0',
    hourOf({ stalls: (minute) => (minute === 0 || minute === 40 ? [stall] : []) })
  )
  expect(ownStalls).toBe(1)
})
