/**
 * How soon the dashboard is on the screen, and whether it stays smooth while 60 peers change each second.
 *
 * Run: `npm ci --prefix web && npm ci --prefix test/hosting && node bench/dashboard.ts`, with Debian's Chromium.
 * The node is made up, in this process: 500 peers, 5,000 tasks, behind the real doors. Each first paint is that
 * of a browser profile which has nothing in its cache.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Peer } from '../client/api.ts'
import { buildDashboard } from '../test/hosting/built-dashboard.ts'
import { startFakeDashboard } from '../test/support/fake-dashboard.ts'
import { madeUpSwarm } from '../test/support/made-up-swarm.ts'

const BINARY = '/usr/bin/chromium'
const PEERS = 500
const TASKS = 5000
const PAINTS = 9
const UPDATES_PER_SECOND = 60
const SECONDS = 10
/** What people see as a jerk (RAIL). */
const JERK_MS = 50

/** As much of playwright-core as is needed here: it is installed beside the tests of pages alone. */
interface Page {
  goto(url: string): Promise<unknown>
  evaluate<T>(script: string): Promise<T>
  getByText(text: string): { first(): { waitFor(): Promise<void> } }
}

interface Browser {
  newContext(options: object): Promise<{ newPage(): Promise<Page>; close(): Promise<void> }>
  close(): Promise<void>
}

function launch(): Promise<Browser> {
  const require = createRequire(new URL('../test/hosting/package.json', import.meta.url))
  const { chromium } = require('playwright-core')
  return chromium.launch({ executablePath: BINARY, args: ['--no-sandbox'] })
}

const VIEW = { viewport: { width: 1280, height: 800 } }

/** Milliseconds from the request until something is to be seen. */
async function firstPaint(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext(VIEW)
  try {
    const page = await context.newPage()
    await page.goto(url)
    await page.getByText('live').first().waitFor()
    return await page.evaluate<number>(
      'performance.getEntriesByName("first-contentful-paint")[0].startTime'
    )
  } finally {
    await context.close()
  }
}

interface Frames {
  readonly gaps: readonly number[]
  /** Milliseconds of scripts that held up the page for more than 50 ms each. */
  readonly long: readonly number[]
}

const RECORD = `globalThis.told = { gaps: [], long: [] }
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) told.long.push(duration)
}).observe({ type: 'longtask' })
let before
const frame = (now) => {
  if (before !== undefined) told.gaps.push(now - before)
  before = now
  requestAnimationFrame(frame)
}
requestAnimationFrame(frame)`

async function framesOf(browser: Browser, place: string): Promise<Frames> {
  const context = await browser.newContext(VIEW)
  try {
    const page = await context.newPage()
    await page.goto(dashboard.signInUrl())
    await page.getByText('live').first().waitFor()
    await page.evaluate(`location.hash = '#/${place}'`)
    await delay(3000)
    await page.evaluate(RECORD)
    await change(swarm.peers)
    return await page.evaluate<Frames>('told')
  } finally {
    await context.close()
  }
}

/** One event for each change, as a node tells them. */
async function change(peers: readonly Peer[]): Promise<void> {
  const began = performance.now()
  for (let count = 0; count < UPDATES_PER_SECOND * SECONDS; count += 1) {
    const peer = peers[(count * 7) % peers.length]
    if (peer !== undefined) {
      const changed = { ...peer, load: (count % 10) / 10, rttMs: 1 + (count % 90) }
      dashboard.tell({ type: 'peer', peer: changed })
    }
    const due = began + ((count + 1) * 1000) / UPDATES_PER_SECOND
    // oxlint-disable-next-line no-await-in-loop -- at a rate
    await delay(Math.max(0, due - performance.now()))
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

if (!existsSync(BINARY)) throw new Error(`there is no ${BINARY}`)
await buildDashboard()
const swarm = madeUpSwarm(PEERS, TASKS)
const dashboard = await startFakeDashboard(swarm)
const browser = await launch()
try {
  const paints: number[] = []
  for (let round = 0; round < PAINTS; round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    paints.push(await firstPaint(browser, dashboard.signInUrl()))
  }
  const [first = Number.NaN, ...later] = paints
  console.log(
    `${cpus()[0]?.model.trim()}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}\n`
  )
  console.log(`first paint: ${first.toFixed(0)} ms in a browser just started, then p50`)
  console.log(`${quantile(later, 0.5).toFixed(0)}, worst ${Math.max(...later).toFixed(0)} ms\n`)
  console.log('| page | frames a second | p95 ms | longest ms | over 50 ms | long scripts |')
  console.log('|---|---|---|---|---|---|')
  for (const place of ['overview', 'peers', 'mesh']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { gaps, long } = await framesOf(browser, place)
    const jerks = gaps.filter((gap) => gap > JERK_MS).length
    const cells = [
      place,
      (gaps.length / SECONDS).toFixed(0),
      quantile(gaps, 0.95).toFixed(1),
      Math.max(...gaps).toFixed(1),
      jerks,
      long.length
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
} finally {
  await browser.close()
  await dashboard.stop()
}
