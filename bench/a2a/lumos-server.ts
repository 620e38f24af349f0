/** A Lumos node with an agent that does what the SDK's server does; prints where it is when ready. */
import { setImmediate as turn } from 'node:timers/promises'
import { createNode, defineAgent } from '../../index.ts'
import { collectWithoutHelp } from '../../node/daemon/host.ts'

/** `chunks N` streams N pieces of 32 bytes; any other text comes back as one artifact. */
const echo = defineAgent({
  id: 'bench-echo',
  description: 'echo',
  skills: [{ id: 'bench', name: 'bench', description: 'bench', tags: ['bench'] }],
  idempotent: true,
  async *run({ text }) {
    const pieces = text.startsWith('chunks') ? Number(text.split(' ')[1]) : 0
    if (pieces === 0) yield text
    for (let index = 0; index < pieces; index += 1) {
      if (index % 8 === 7) await turn()
      yield 'x'.repeat(32)
    }
  }
})

// As the daemon does; a program that hosts a node decides for itself.
collectWithoutHelp()
const [, , home = '', swarmKey = '', keep = 'disk'] = process.argv
const node = await createNode({
  home,
  swarmKey,
  listen: ['/ip4/127.0.0.1/tcp/0'],
  discovery: { mdns: false, sameHost: false },
  tasks: { keep: keep === 'memory' ? 'memory' : 'disk' },
  agents: [echo],
  builtin: { enabled: [], concurrency: 512 }
})
await node.start()
process.on('SIGINT', () => process.exit())
console.log(node.addresses()[0])
