/** A Lumos node with an agent that does what the SDK's server does; prints where it is when ready. */
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import { createNode, defineAgent } from '../../index.ts'
import { collectWithoutHelp } from '../../node/daemon/host.ts'

/** `chunks N` streams N pieces of 32 bytes; any other text comes back as one artifact, after N ms if it is `wait N`. */
const echo = defineAgent({
  id: 'bench-echo',
  description: 'echo',
  skills: [{ id: 'bench', name: 'bench', description: 'bench', tags: ['bench'] }],
  idempotent: true,
  async *run({ text }) {
    const [word, number] = text.split(' ')
    const pieces = word === 'chunks' ? Number(number) : 0
    if (word === 'wait') await pause(Number(number))
    if (pieces === 0) yield text
    for (let index = 0; index < pieces; index += 1) {
      if (index % 8 === 7) await turn()
      yield 'x'.repeat(32)
    }
  }
})

// As the daemon does; a program that hosts a node decides for itself.
collectWithoutHelp()
const [, , home = '', swarmKey = '', keep = 'disk', places = '512'] = process.argv
const node = await createNode({
  home,
  swarmKey,
  listen: ['/ip4/127.0.0.1/tcp/0'],
  discovery: { mdns: false, sameHost: false },
  tasks: { keep: keep === 'memory' ? 'memory' : 'disk' },
  agents: [echo],
  builtin: { enabled: [], concurrency: Number(places) }
})
await node.start()
process.on('SIGINT', () => process.exit())
console.log(node.addresses()[0])
