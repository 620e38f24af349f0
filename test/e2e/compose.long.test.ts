/** docker-compose.yml is what it says: its commands, run as plain processes, make one swarm of three. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { createLumos } from '../support/lumos.ts'
import type { Lumos } from '../support/lumos.ts'
import { testFolder } from '../support/started-nodes.ts'

interface ComposeFile {
  readonly services: Record<string, { readonly command: string; readonly volumes: string[] }>
}

const compose: ComposeFile = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true })
interface Started {
  readonly node: Lumos
  readonly port: string
}

/** Runs the command of a service with a container's names replaced by this machine's. */
async function start(folder: string, service: string, beaconPort = ''): Promise<Started> {
  const { command } = compose.services[service] ?? { command: '' }
  const words = command
    .replace('/run/secrets/swarm_key', join(folder, 'swarm.key'))
    .replace('/ip4/0.0.0.0/tcp/5866', '/ip4/127.0.0.1/tcp/0')
    .replace('/dns4/beacon/tcp/5866', `/dns4/localhost/tcp/${beaconPort}`)
    .split(' ')
  const node = createLumos({ home: join(folder, service) })
  onTestFinished(() => node.kill())
  const { addresses } = await node.daemon(words)
  return { node, port: /\/tcp\/(\d+)/.exec(addresses[0] ?? '')?.[1] ?? '' }
}

test('the three services meet through the beacon and work for each other', async () => {
  const folder = testFolder()
  writeFileSync(join(folder, 'swarm.key'), `${'5a6b'.repeat(16)}\n`)
  const { port } = await start(folder, 'beacon')
  const [{ node: amber }] = await Promise.all([
    start(folder, 'amber', port),
    start(folder, 'birch', port)
  ])

  await expect
    .poll(async () => JSON.parse((await amber.run(['peers', '--json'])).stdout), {
      timeout: 20_000
    })
    .toMatchObject({
      peers: expect.arrayContaining([
        expect.objectContaining({ name: 'beacon', state: 'connected' }),
        expect.objectContaining({ name: 'birch', state: 'connected' })
      ])
    })

  const answer = await amber.run(['run', 'echo', 'hello from amber', '--to', 'birch'])
  expect(answer).toMatchObject({ code: 0, stdout: 'hello from amber\n' })
  expect(await amber.run(['status', '--json'])).toMatchObject({ code: 0 })
})

test('every service keeps its home in a volume', () => {
  const volumes = Object.entries(compose.services).map(
    ([
      name,
      {
        volumes: [first]
      }
    ]) => [name, first]
  )
  expect(volumes).toEqual(Object.keys(compose.services).map((name) => [name, `${name}:/data`]))
})

const hasCompose = spawnSync('docker-compose', ['version']).status === 0

test.skipIf(!hasCompose)('the compose client accepts the file', () => {
  const checked = spawnSync(
    'docker-compose',
    ['--file', 'docker-compose.yml', 'config', '--quiet'],
    {
      encoding: 'utf8'
    }
  )
  expect(checked).toMatchObject({ status: 0, stderr: '' })
})
