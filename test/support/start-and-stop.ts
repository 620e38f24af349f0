/** A program that starts two nodes, lets them meet, stops them, and ends when nothing is open. */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createNode } from '../../node/create-node.ts'

const [, , folder = ''] = process.argv
const nodes = await Promise.all(
  ['amber', 'birch'].map((name) =>
    createNode({
      home: join(folder, name),
      name,
      listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
      discovery: { mdns: false },
      runtimeDirectory: join(folder, 'run')
    })
  )
)
for (const node of nodes) await node.start()
let met = false
for (let tries = 0; tries < 200 && !met; tries += 1) {
  await delay(25)
  met = (await nodes[0]?.peers())?.peers.some(({ state }) => state === 'connected') ?? false
}
await Promise.all(nodes.map((node) => node.stop()))
// The event loop ends by itself only when no socket, timer or handle is left.
process.once('exit', () => {
  writeSync(1, JSON.stringify({ met }))
})
