/** The dashboard as a whole in a real browser: the way in, every page with a large swarm, what it does when the node is away. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { LumosError } from '../../core/errors.ts'
import { startFakeDashboard } from '../support/fake-dashboard.ts'
import type { FakeDashboard } from '../support/fake-dashboard.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import { madeUpSwarm } from '../support/made-up-swarm.ts'
import { PATIENCE } from '../support/patience.ts'
import { buildDashboard } from './built-dashboard.ts'
import { hasChromium, launchChromium } from './chromium.ts'

/** Issue 9. */
const MOST_ZIPPED_BYTES = 100_000
const BUILT = join(import.meta.dirname, '../../dist/web')
const PAGES = [
  'overview',
  'mesh',
  'peers',
  'agents',
  'tasks',
  'memory',
  'routes',
  'logs',
  'doctor',
  'settings'
]
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
let large: FakeDashboard

beforeAll(async () => {
  if (!hasChromium) return buildDashboard()
  large = await startFakeDashboard(madeUpSwarm(500, 5000))
  browser = await launchChromium()
})

afterAll(async () => {
  if (!hasChromium) return
  await browser.close()
  await large.stop()
})

interface Opened {
  readonly page: Page
  /** What stands in the console beside what the browser itself says of a node that is away. */
  readonly complaints: string[]
  /** Origins that were asked. */
  readonly asked: Set<string>
}

async function open(address: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE.timeout)
  const complaints: string[] = []
  const asked = new Set<string>()
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const isAway = message.text().startsWith('Failed to load resource')
    if (message.type() !== 'log' && !isAway) complaints.push(message.text())
  })
  page.on('request', (request) => asked.add(new URL(request.url()).origin))
  await page.goto(address)
  return { page, complaints, asked }
}

/** Rules of WCAG 2 that a program can check, and what they are broken by. */
async function axe(page: Page, rules: readonly string[]): Promise<readonly string[]> {
  await page.evaluate(`if (globalThis.axe === undefined) { ${AXE} }`)
  const { violations } = await page.evaluate<AxeResult>(
    `axe.run({ runOnly: ${JSON.stringify(rules)} })`
  )
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21aa']
/** What other colours can break. */
const COLOURS = ['color-contrast']

async function goTo(page: Page, place: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`)
}

async function show(page: Page, name: string): Promise<void> {
  await goTo(page, name)
  await page.locator('nav a[aria-current]', { hasText: new RegExp(name, 'i') }).waitFor()
  await page.locator('main h1').waitFor({ state: 'attached' })
}

const link = (page: Page, words: string) => page.locator('.link-state').getByText(words)

test('all that a browser loads is at most 100 kB', () => {
  const files = readdirSync(BUILT, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile()
  )
  const zipped = files.map(
    ({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name))).length
  )
  expect(zipped.length).toBeGreaterThan(3)
  expect(zipped.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(MOST_ZIPPED_BYTES)
})

test.skipIf(!hasChromium)('a code signs in once, and stands in no address afterwards', async () => {
  const node = await startHttpNode()
  onTestFinished(() => node.stop())
  const { code } = node.gateway.sessions.offer()
  const address = `${node.url}/dashboard/#code=${code}`
  const { page, complaints } = await open(address)
  await link(page, 'live').waitFor()
  expect(page.url()).not.toContain(code)
  await page.reload()
  await link(page, 'live').waitFor()
  const { page: second } = await open(address)
  await second.getByText('the code has expired, or was used before').waitFor()
  await second.getByText('lumos dashboard').first().waitFor()
  node.gateway.sessions.endAll()
  await page.getByText('Or with a token').waitFor()
  expect(complaints).toEqual([])
})

test.skipIf(!hasChromium)(
  'every page shows 500 peers and 5,000 tasks, and asks this node alone',
  async () => {
    const { page, complaints, asked } = await open(large.signInUrl())
    await link(page, 'live').waitFor()
    for (const name of PAGES) {
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      await show(page, name)
    }
    expect(complaints).toEqual([])
    expect([...asked]).toEqual([large.url])
  }
)

test.skipIf(!hasChromium).for(['dark', 'light'] as const)(
  'every page can be read and used by everybody, %s',
  async (colorScheme) => {
    const small = await startFakeDashboard(madeUpSwarm(12, 6))
    onTestFinished(() => small.stop())
    const { page } = await open(small.signInUrl(), { colorScheme })
    await link(page, 'live').waitFor()
    const rules = colorScheme === 'dark' ? WCAG : COLOURS
    for (const name of PAGES) {
      // oxlint-disable no-await-in-loop -- one page after the other
      await show(page, name)
      expect({ name, broken: await axe(page, rules) }).toEqual({ name, broken: [] })
      // oxlint-enable no-await-in-loop
    }
  }
)

test.skipIf(!hasChromium)(
  'of 500 peers those are in the page that are seen; keys walk the others',
  async () => {
    const { page } = await open(large.signInUrl())
    await link(page, 'live').waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('p')
    const table = page.getByRole('grid', { name: 'Peers' })
    await table.waitFor()
    expect(await table.getAttribute('aria-rowcount')).toBe('501')
    expect(await table.locator('.table-body .table-row').count()).toBeLessThan(60)
    await table.locator('.table-body .table-row').first().focus()
    await page.keyboard.press('End')
    await expect.poll(() => focusedRow(page)).toBe('501')
    await page.keyboard.press('Enter')
    await page.getByRole('complementary').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('onerror')
    await table.getByText('<img src=x onerror=alert(1)>').waitFor()
    expect(await table.getAttribute('aria-rowcount')).toBe('2')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).getByText('go to Mesh').waitFor()
  }
)

function focusedRow(page: Page): Promise<string | null | undefined> {
  return page.evaluate("document.activeElement?.getAttribute('aria-rowindex')")
}

test.skipIf(!hasChromium)('nothing is wider than a screen of 360 pixels', async () => {
  const { page } = await open(large.signInUrl(), { viewport: { width: 360, height: 740 } })
  await link(page, 'live').waitFor()
  for (const name of PAGES) {
    // oxlint-disable no-await-in-loop -- one page after the other
    await show(page, name)
    const width = await page.evaluate<number>('document.documentElement.scrollWidth')
    expect({ name, isWider: width > 360 }).toEqual({ name, isWider: false })
    // oxlint-enable no-await-in-loop
  }
})

test.skipIf(!hasChromium)(
  'what happens is seen; a node that was away is found again, with what changed',
  async () => {
    const small = madeUpSwarm(3, 2)
    const first = await startFakeDashboard(small)
    const { page, complaints } = await open(first.signInUrl())
    await link(page, 'live').waitFor()
    await goTo(page, 'peers')
    const [birch] = small.peers
    if (birch === undefined) throw new Error('no peers')
    await page.getByRole('row', { name: /birch/ }).getByText('connected').waitFor()
    first.tell({ type: 'peer', peer: { ...birch, state: 'refused' } })
    await page.getByRole('row', { name: /birch/ }).getByText('refused').waitFor()
    await first.stop()
    await link(page, 'no contact').waitFor()
    const [, ...others] = small.peers
    const port = Number(new URL(first.url).port)
    const second = await startFakeDashboard({ ...small, peers: others }, { port })
    onTestFinished(() => second.stop())
    await link(page, 'live').waitFor()
    await page.getByRole('row', { name: /birch/ }).waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  }
)

test.skipIf(!hasChromium)(
  'a node that knows neither events nor curves is asked again and again',
  async () => {
    let peers = madeUpSwarm(2, 2).peers
    const old = await startFakeDashboard(madeUpSwarm(2, 2), {
      peers: async () => ({ v: 1, peers }),
      vitals: async () => {
        throw new LumosError('ROUTE_UNKNOWN')
      },
      // oxlint-disable-next-line require-yield -- there is nothing
      async *watch() {
        throw new LumosError('ROUTE_UNKNOWN')
      }
    })
    onTestFinished(() => old.stop())
    const { page } = await open(old.signInUrl())
    await link(page, 'every 3 s').waitFor()
    await page.getByText('peers up').waitFor()
    peers = madeUpSwarm(5, 2).peers
    await vi.waitFor(
      async () => expect(await page.locator('.figure .value').first().textContent()).toContain('5'),
      PATIENCE
    )
  }
)
