/** Chromium for tests of the dashboard: one process for all of a file, a profile of its own for each page. */
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { PATIENCE } from '../support/patience.ts'
import { buildDashboard } from './built-dashboard.ts'

const BINARY = '/usr/bin/chromium'

/** Tests of pages are left out where there is none. */
export const hasChromium = existsSync(BINARY)

/** Before a dashboard as it is now; closed by whoever launched it. */
export async function launchChromium(): Promise<Browser> {
  await buildDashboard()
  return chromium.launch({ executablePath: BINARY, args: ['--no-sandbox'] })
}

export interface PageInit {
  /** Of the node. */
  readonly url: string
  readonly token: string
  /** Behind `#/`. */
  readonly place: string
  readonly options?: BrowserContextOptions
}

/** A page of the dashboard that is signed in; a test fails when anything is thrown in it. */
export async function openDashboard(
  browser: Browser,
  { url, token, place, options = {} }: PageInit
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const thrown: Error[] = []
  onTestFinished(async () => {
    await context.close()
    if (thrown[0] !== undefined) throw thrown[0]
  })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE.timeout)
  page.on('pageerror', (error) => thrown.push(error))
  await page.addInitScript((secret) => sessionStorage.setItem('lumos.token', secret), token)
  await page.goto(`${url}/dashboard/#/${place}`)
  return page
}
