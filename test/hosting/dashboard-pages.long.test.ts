/** Agents, tasks, memory and logs in the dashboard, with real nodes behind it and a real browser before it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  askingAgent,
  echoAgent,
  endlessAgent,
  forecastAgent,
  plannerAgent
} from '../support/dashboard-agents.ts'
import { introduce, startDashboardNode } from '../support/dashboard-nodes.ts'
import type { DashboardNode } from '../support/dashboard-nodes.ts'
import { createLumos } from '../support/lumos.ts'
import { PATIENCE } from '../support/patience.ts'
import { buildDashboard } from './built-dashboard.ts'
import { hasChromium, launchChromium, openDashboard } from './chromium.ts'

const HOUR_MS = 3_600_000

/** The last word of the planner waits for it. */
let gate = Promise.withResolvers<void>()
let folder = ''
let browser: Browser
let token = ''
/** Serves the dashboard. */
let birch: DashboardNode
let otter: DashboardNode

function startBirch(port?: number): Promise<DashboardNode> {
  const agents = [forecastAgent(), echoAgent()]
  const home = join(folder, 'birch')
  return startDashboardNode({ home, name: 'birch', agents, ...(port !== undefined && { port }) })
}

beforeAll(async () => {
  if (!hasChromium) return
  await buildDashboard()
  folder = await mkdtemp(join(tmpdir(), 'lumos-pages-'))
  const planner = plannerAgent(() => gate.promise)
  const agents = [planner, askingAgent(), endlessAgent()]
  const starting = [
    launchChromium(),
    startBirch(),
    startDashboardNode({ home: join(folder, 'otter'), name: 'otter', agents })
  ] as const
  ;[browser, birch, otter] = await Promise.all(starting)
  // Neither has seen what the other writes: the later one wins, and who had the other keeps it as lost.
  await birch.operations.control.memory.put('shared', { key: 'plans/day', value: 'the hills' })
  // Twice: its clock may be in the same millisecond.
  for (const value of ['the lake', 'the sea']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await otter.operations.control.memory.put('shared', { key: 'plans/day', value })
  }
  await introduce(birch.assembly, otter.assembly)
  token = await birch.token()
  await vi.waitFor(knowsPlanner, PATIENCE)
})

async function knowsPlanner(): Promise<void> {
  const { agents } = await birch.operations.control.agents()
  expect(agents.map(({ id }) => id)).toContain('planner')
}

afterAll(async () => {
  if (!hasChromium) return
  await browser.close()
  await Promise.all([birch.stop(), otter.stop()])
  await rm(folder, { recursive: true, force: true })
})

function open(place: string): Promise<Page> {
  return openDashboard(browser, { url: birch.url, token, place })
}

function agentPlace(agent: string, node: DashboardNode): string {
  return `agents/${agent}/${node.assembly.wire.identity.peer}`
}

async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel('What to say').fill(text)
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
}

/** A task of the one who sits before the dashboard; resolves when it is over. */
async function run(target: string, text: string): Promise<string> {
  const response = await fetch(`${birch.url}/v1/run`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ target, text, timeoutMs: HOUR_MS })
  })
  const [last = '{}'] = (await response.text()).trim().split('\n').slice(-1)
  const { task } = JSON.parse(last) as { task: { id: string } }
  return task.id
}

test.skipIf(!hasChromium)('an agent of another node is tried, word by word', async () => {
  gate = Promise.withResolvers()
  const page = await open(agentPlace('planner', otter))
  await ask(page, 'a day in Rome')
  const answer = page.getByRole('article', { name: 'Answer' })
  await answer.getByText('first the market, ').waitFor()
  await answer.getByText('working', { exact: true }).waitFor()
  await answer.locator('summary', { hasText: 'weather.forecast on birch' }).waitFor()
  gate.resolve()
  await answer.getByText('completed', { exact: true }).waitFor()
  expect(await answer.locator('.outputs').textContent()).toMatch(/market, then the museum\.$/)
})

test.skipIf(!hasChromium)('cancel reaches the agent at the other node', async () => {
  const page = await open(agentPlace('watcher', otter))
  await ask(page, 'the sky')
  const answer = page.getByRole('article', { name: 'Answer' })
  await answer.getByText('watching').waitFor()
  await answer.getByRole('button', { name: 'Cancel' }).click()
  await answer.getByText('canceled', { exact: true }).waitFor()
  const { tasks } = await otter.operations.control.tasks({ limit: 50 })
  expect(tasks.find(({ agent }) => agent === 'watcher')?.state).toBe('TASK_STATE_CANCELED')
})

test.skipIf(!hasChromium)('what an agent asks is answered where it is read', async () => {
  const page = await open(agentPlace('booker', otter))
  await ask(page, 'a table for tonight')
  await page.getByLabel('For how many?').fill('four')
  await page.getByRole('button', { name: 'Answer' }).click()
  await expect.poll(() => page.locator('.outputs').textContent()).toMatch(/A table for four\.$/)
})

test.skipIf(!hasChromium)('a form of the schema says what is missing, then asks', async () => {
  const page = await open(agentPlace('forecast', birch))
  const send = page.getByRole('button', { name: 'Ask', exact: true })
  await send.click()
  await page.getByText('is needed').waitFor()
  await page.getByLabel('city').fill('Rome')
  await send.click()
  const answer = page.getByRole('article', { name: 'Answer' })
  await answer.getByText('"high": 21').waitFor()
  expect(await answer.locator('.asked').textContent()).toContain('"days": 3')
})

test.skipIf(!hasChromium)('a task’s waterfall shows what each node did', async () => {
  gate.resolve()
  const page = await open(`tasks/${await run('@planner', 'a day in Bergen')}`)
  const spans = page.getByRole('list', { name: 'Spans' })
  await spans.getByRole('button', { name: /^run planner on otter/ }).waitFor()
  await spans.getByRole('button', { name: /^run forecast on birch/ }).waitFor()
  expect(await page.locator('.lane').allTextContents()).toEqual(['birch', 'otter'])
  await spans
    .getByRole('button', { name: /^Hide \d+ below/ })
    .first()
    .click()
  await expect.poll(() => spans.getByRole('listitem').count()).toBe(1)
})

test.skipIf(!hasChromium)('hostile words are text, wherever they are shown', async () => {
  const evil = '\u202E<img src=x onerror="document.title=\'caught\'"><b>bold</b>'
  const id = await run('@echo', evil)
  const page = await open('tasks?q=onerror')
  await page.getByRole('row', { name: /onerror/ }).click()
  await page.getByText('completed', { exact: true }).first().waitFor()
  expect(page.url()).toContain(id)
  await expect.poll(() => page.locator('.asked').textContent()).toBe(evil)
  expect(await page.locator('main img, .asked b, .outputs b').count()).toBe(0)
})

test.skipIf(!hasChromium)('what the command writes is in the page at once', async () => {
  const page = await open('memory')
  await page.getByRole('button', { name: 'plans/' }).waitFor()
  const lumos = createLumos({ home: join(folder, 'birch') })
  expect(await lumos.run(['memory', 'put', 'motto', 'light up'])).toMatchObject({ code: 0 })
  const row = page.getByRole('button', { name: /^motto light up/ })
  await row.waitFor()
  await row.click()
  await page.getByRole('region', { name: 'Value' }).getByText('light up').waitFor()
  await lumos.run(['memory', 'put', 'motto', 'brighter'])
  await page.getByRole('region', { name: 'Value' }).getByText('brighter').waitFor()
})

test.skipIf(!hasChromium)('a conflict says who lost, and what', async () => {
  const page = await open('memory?prefix=plans%2F&key=plans%2Fday')
  const lost = page.getByRole('region', { name: 'Conflicts' })
  await page.getByRole('region', { name: 'Value' }).getByText('the sea').waitFor()
  await expect
    .poll(() => lost.getByRole('listitem').allTextContents())
    .toEqual([expect.stringMatching(/^birch wrote .* ago, and lostthe hills$/)])
})

test.skipIf(!hasChromium)('log lines come as they are said, and are held still', async () => {
  const page = await open('logs?q=told')
  await page.getByText(/^following/).waitFor()
  const lines = page.getByRole('log').getByRole('button')
  await run('@echo', 'fail, please')
  await expect.poll(() => lines.count()).toBeGreaterThan(0)
  await page.getByRole('button', { name: 'Hold' }).click()
  const before = await lines.count()
  await run('@echo', 'fail again')
  await page.getByRole('button', { name: /^Go on \([1-9]/ }).waitFor()
  expect(await lines.count()).toBe(before)
  await page.getByRole('button', { name: /^Go on/ }).click()
  await expect.poll(() => lines.count()).toBeGreaterThan(before)
})

test.skipIf(!hasChromium)(
  'after a restart of the node the page is true again by itself',
  async () => {
    const page = await open('memory')
    await page.getByRole('button', { name: 'plans/' }).waitFor()
    await page.getByText('live', { exact: true }).waitFor()
    await page.evaluate('globalThis.kept = true')
    const { port } = new URL(birch.url)
    await birch.stop()
    await page.getByText('no contact', { exact: true }).waitFor()
    birch = await startBirch(Number(port))
    await introduce(birch.assembly, otter.assembly)
    await page.getByText('live', { exact: true }).waitFor()
    await birch.operations.control.memory.put('shared', { key: 'news', value: 'back again' })
    await page.getByRole('button', { name: /^news back again/ }).waitFor()
    expect(await page.evaluate('globalThis.kept')).toBe(true)
  }
)
