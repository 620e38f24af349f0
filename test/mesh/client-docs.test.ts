/** The examples of docs/client.md, as somebody who copies them would run them. */
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from '../../client/browser.ts'
import { testAgent } from '../support/a2a-nodes.ts'
import { docExamples } from '../support/doc-examples.ts'
import { startHttpNode } from '../support/http-gateway.ts'

const IMPORT = "import { createClient } from 'lumos-mesh/client'\n"

test('every example of docs/client.md does what is said of it, with the entry for browsers', async () => {
  const echo = testAgent('echo', async function* ({ text }) {
    yield text
  })
  const node = await startHttpNode([echo])
  onTestFinished(() => node.stop())
  const token = await node.token(['task/send', 'memory/read', 'memory/write'])
  const told: string[][] = []
  for (const block of docExamples('client', 'js')) {
    expect(block.startsWith(IMPORT)).toBe(true)
    const lines: string[] = []
    const print = { log: (line: string) => void lines.push(line) }
    // oxlint-disable-next-line typescript/no-implied-eval -- the examples themselves
    const run = new Function(
      'createClient',
      'url',
      'token',
      'console',
      `return (async () => {${block.slice(IMPORT.length)}})()`
    ) as (...given: unknown[]) => Promise<void>
    // oxlint-disable-next-line no-await-in-loop -- one builds on the other
    await run(createClient, node.url, token, print)
    told.push(lines)
  }
  expect(told).toEqual([
    ['hello, swarm'],
    [`echo at ${node.assembly.wire.name}`, 'Rome'],
    ['hello, live'],
    ['resync', 'trips/next']
  ])
})
