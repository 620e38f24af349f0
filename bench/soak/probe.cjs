/**
 * Loaded into a daemon before it starts: writes one line of JSON every few seconds about what only the process itself
 * knows, such as what is left after V8 has collected, what keeps it alive, and how long its event loop stood still.
 */
'use strict'
const { appendFileSync, openSync, readSync } = require('node:fs')
const { PerformanceObserver, constants, performance } = require('node:perf_hooks')
const v8 = require('node:v8')
const vm = require('node:vm')
const { isMainThread } = require('node:worker_threads')

/** As often as the product looks at its own event loop. */
const TICK_MS = 20
const NOTED_MS = 50
/** Counting objects stops the process for a second or more: seldom, and not at all in short runs. */
const OBJECTS_EVERY = 6
const OBJECTS_LEAST_MS = 60_000

let types
const path = process.env.SOAK_PROBE
if (path !== undefined && isMainThread && process.argv.includes('daemon')) watch(path)

function watch(file) {
  const sampleMs = Number(process.env.SOAK_SAMPLE_MS)
  const censusMs = Number(process.env.SOAK_CENSUS_MS)
  const collections = watchCollections()
  const stalls = watchStalls()
  const warnings = watchWarnings()
  const startedAt = performance.now()
  let censuses = 0
  const timer = setInterval(() => {
    let census
    if (performance.now() - startedAt >= (censuses + 1) * censusMs) {
      censuses += 1
      census = takeCensus(censusMs >= OBJECTS_LEAST_MS && censuses % OBJECTS_EVERY === 1)
      // What the census itself took is nothing that the node did.
      stalls.forgive()
    }
    const line = {
      at: Date.now(),
      pid: process.pid,
      ...process.memoryUsage(),
      ...collections.take(),
      ...stalls.take(),
      resources: countBy(process.getActiveResourcesInfo()),
      listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
      warnings: warnings(),
      ...(census !== undefined && { census })
    }
    appendFileSync(file, `${JSON.stringify(line)}\n`)
  }, sampleMs)
  timer.unref()
}

/** `liveBytes`: least of what V8 had after collecting in full, which it does by itself now and then. */
function watchCollections() {
  let live
  let full = 0
  let longestMs = 0
  let long = []
  const observer = new PerformanceObserver((list) => {
    for (const { detail, duration, startTime } of list.getEntries()) {
      longestMs = Math.max(longestMs, duration)
      if (duration > NOTED_MS / 2) {
        const at = Math.round(performance.timeOrigin + startTime + duration)
        long.push({ at, ms: round(duration), kind: detail.kind })
      }
      if (detail.kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue
      full += 1
      const { used_heap_size: used } = v8.getHeapStatistics()
      live = live === undefined ? used : Math.min(live, used)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return {
    take() {
      const taken = {
        liveBytes: live,
        fullCollections: full,
        collectionMs: round(longestMs),
        longCollections: long
      }
      live = undefined
      full = 0
      longestMs = 0
      long = []
      return taken
    }
  }
}

/**
 * `waitedMs`: how long the main thread could have run and had no core. `ownMs` of a stall is without the time in which the kernel ran others on this core: what is left is what the
 * node did, or waited for.
 */
function watchStalls() {
  const file = openSync('/proc/thread-self/schedstat', 'r')
  const text = Buffer.alloc(64)
  const waitedMs = () => {
    const length = readSync(file, text, 0, text.length, 0)
    return Number(text.toString('latin1', 0, length).split(' ')[1]) / 1e6
  }
  let before = { at: performance.now(), waited: waitedMs(), cpu: cpuMs() }
  let noted = []
  let worst = { gapMs: 0, ownMs: 0 }
  let taken = before.waited
  const tick = () => {
    const now = { at: performance.now(), waited: waitedMs(), cpu: cpuMs() }
    const gapMs = Math.max(0, now.at - before.at - TICK_MS)
    const ownMs = Math.max(0, gapMs - (now.waited - before.waited))
    worst = { gapMs: Math.max(worst.gapMs, gapMs), ownMs: Math.max(worst.ownMs, ownMs) }
    if (gapMs > NOTED_MS) {
      const cpu = round(now.cpu - before.cpu)
      noted.push({ at: Date.now(), gapMs: round(gapMs), ownMs: round(ownMs), cpuMs: cpu })
    }
    before = now
  }
  setInterval(tick, TICK_MS).unref()
  return {
    forgive() {
      before = { at: performance.now(), waited: waitedMs(), cpu: cpuMs() }
    },
    take() {
      const waited = waitedMs()
      const sample = {
        gapMs: round(worst.gapMs),
        ownMs: round(worst.ownMs),
        stalls: noted,
        waitedMs: round(waited - taken)
      }
      taken = waited
      worst = { gapMs: 0, ownMs: 0 }
      noted = []
      return sample
    }
  }
}

/** Names of warnings, such as that of an emitter with too many listeners, and how often they came. */
function watchWarnings() {
  const counts = {}
  process.on('warning', ({ name, message }) => {
    // The census asks for what Node calls an experiment.
    if (message.includes('queryObjects')) return
    const text = `${name}: ${message.slice(0, 160)}`
    counts[text] = (counts[text] ?? 0) + 1
  })
  return () => counts
}

/** Bytes in use after a full collection. With objects: also how many there are of those that are forgotten most easily. */
function takeCensus(withObjects) {
  const began = performance.now()
  v8.setFlagsFromString('--expose-gc')
  vm.runInNewContext('gc')()
  const { used_heap_size: heapBytes } = v8.getHeapStatistics()
  const counts = { heapBytes }
  if (withObjects) {
    for (const [name, type] of Object.entries(counted())) {
      counts[name] = v8.queryObjects(type, { format: 'count' })
    }
  }
  return { ...counts, tookMs: round(performance.now() - began) }
}

/** Of abort signals and of what libp2p tells its events by; timers; and event targets themselves. */
function counted() {
  if (types !== undefined) return types
  const target = new EventTarget()
  target.addEventListener('any', () => {})
  const key = Object.getOwnPropertySymbols(target).find(
    ({ description }) => description === 'kEvents'
  )
  const listeners = target[key].get('any').next.constructor
  const timer = setTimeout(() => {}, 0)
  types = { listeners, eventTargets: EventTarget, timers: timer.constructor }
  return types
}

function cpuMs() {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function countBy(names) {
  const counts = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function round(value) {
  return Math.round(value * 10) / 10
}
