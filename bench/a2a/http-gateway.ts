/** A Lumos node whose door over HTTP is open; prints where that is, and a token, when ready. */
import { setImmediate as turn } from 'node:timers/promises'
import { defineAgent } from '../../agents/agent.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { resolvePaths } from '../../core/paths.ts'
import { systemRandom } from '../../core/random.ts'
import { Secret } from '../../core/secret.ts'
import { assemble } from '../../node/assembly.ts'
import { nodeConfigSchema } from '../../node/config/schema.ts'
import { collectWithoutHelp } from '../../node/daemon/host.ts'
import { createNodeGateway } from '../../node/gateway.ts'

/** Does what the SDK's server does: `chunks N` streams N pieces of 32 bytes, else the text comes back. */
const echo = defineAgent({
  id: 'local-echo',
  description: 'echo',
  skills: [{ id: 'local', name: 'local', description: 'local', tags: ['bench'] }],
  idempotent: true,
  async *run({ text }) {
    const [word, number] = text.split(' ')
    const pieces = word === 'chunks' ? Number(number) : 0
    if (pieces === 0) yield text
    for (let index = 0; index < pieces; index += 1) {
      if (index % 8 === 7) await turn()
      yield 'x'.repeat(32)
    }
  }
})

collectWithoutHelp()
const [, , home = '', swarmKey = '', address = '', keep = 'disk', issuer = '', jwksFile = ''] =
  process.argv
const config = nodeConfigSchema.parse({
  listen: ['/ip4/127.0.0.1/tcp/0'],
  discovery: { mdns: false, sameHost: false },
  bootstrap: address === '' ? [] : [address],
  tasks: { keep },
  agents: { enabled: [], concurrency: 512 },
  gateway: {
    port: 0,
    ...(issuer !== '' && { jwt: { bench: { issuer, audience: 'lumos', jwksFile } } })
  }
})
const assembly = await assemble(
  { clock: systemClock, random: systemRandom, logger: silentLogger },
  {
    config,
    paths: resolvePaths({ LUMOS_HOME: home }),
    swarmKey: new Secret(swarmKey),
    version: '0.0.0',
    agents: [echo]
  }
)
await assembly.start()
const gateway = createNodeGateway(assembly, { enabled: true })
await gateway.start()
const { secret } = await gateway.tokens.create({
  name: 'bench',
  scopes: ['task/send'],
  lifetimeMs: 3_600_000
})
process.on('SIGINT', () => process.exit())
console.log(`${gateway.url} ${secret}`)
