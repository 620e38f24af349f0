/** The typed client in a real browser: a page of another origin asks, follows and watches over the doors of a node. */
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { testAgent } from '../support/a2a-nodes.ts'
import { startHttpNode } from '../support/http-gateway.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const ROOT = join(import.meta.dirname, '../..')
const MODULE = /^\/(client|core)\/[\w-]+\.ts$/
const run = promisify(execFile)
const hasBrowser = spawnSync('chromium', ['--version']).status === 0

function pageOf(url: string, token: string): string {
  return `<!doctype html><title>asking</title><script type="module">
    import { createClient } from '/client/browser.ts'
    const told = []
    try {
      const client = createClient({ url: '${url}', token: '${token}' })
      for await (const event of client.run({ target: 'echo', text: 'hello from a page' })) told.push(event.type)
      const live = client.live()
      for await (const { event } of live.send('echo', 'hello, live')) {
        const parts = event.artifactUpdate?.artifact.parts ?? event.task?.artifacts?.[0]?.parts ?? []
        for (const { text } of parts) if (text) told.push(text)
      }
      live.close()
    } catch (error) {
      told.push(String(error))
    }
    await fetch('/told', { method: 'POST', body: JSON.stringify(told) })
  </script>`
}

/** Modules as they are, without their types, and one page. */
async function startSite(page: () => string) {
  const told = Promise.withResolvers<unknown>()
  const server = createServer((request, response) => {
    const { url = '/' } = request
    const answer = async (): Promise<void> => {
      if (url === '/told') {
        const body = await Array.fromAsync(request as AsyncIterable<Buffer>)
        told.resolve(JSON.parse(Buffer.concat(body).toString()))
        response.end()
      } else if (MODULE.test(url)) {
        const source = await readFile(join(ROOT, url), 'utf8')
        response.setHeader('content-type', 'text/javascript').end(stripTypeScriptTypes(source))
      } else if (url === '/') response.setHeader('content-type', 'text/html').end(page())
      else response.writeHead(404).end()
    }
    answer().catch(told.reject)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, told: told.promise }
}

test.skipIf(!hasBrowser)('a page of an origin that may come in uses the swarm', async () => {
  const echo = testAgent('echo', async function* ({ text }) {
    yield text
  })
  let page = ''
  const site = await startSite(() => page)
  const node = await startHttpNode([echo], {
    gateway: { port: 0, allowedOrigins: [site.origin] }
  })
  onTestFinished(() => node.stop())
  page = pageOf(node.url, await node.token(['task/send']))
  const profile = await temporaryDirectory()
  const browser = run('chromium', [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${profile}`,
    '--remote-debugging-port=0',
    site.origin
  ])
  onTestFinished(async () => {
    browser.child.kill()
    await browser.catch(() => undefined)
  })
  const told = await site.told
  expect(told).toEqual(['routed', 'accepted', 'status', 'artifact', 'result', 'hello, live'])
})
