import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { chooseFreePorts } from '../../../../node/config/listen-ports.ts'
import { createPortClaims } from '../../../../node/config/port-claims.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  return { server, port: address.port }
}

async function occupy(): Promise<number> {
  const { server, port } = await listening()
  onTestFinished(() => void server.close())
  return port
}

async function claimsOf(owner: string, directory?: string) {
  const clock = new ManualClock()
  const folder = directory ?? (await temporaryDirectory())
  return createPortClaims(clock, { directory: folder, owner })
}

const portOf = (address: string | undefined): number => Number(address?.split('/')[4])

test('takes the wished ports when they are free', async () => {
  const directory = await temporaryDirectory()
  const claims = await claimsOf(directory)
  const { server, port } = await listening()
  await new Promise((resolve) => server.close(resolve))
  const addresses = [`/ip4/0.0.0.0/tcp/${port}`]
  expect(await chooseFreePorts({ addresses, directory, claims })).toEqual(addresses)
})

test('takes free ones instead of taken ones, and the same again next time', async () => {
  const directory = await temporaryDirectory()
  const claims = await claimsOf(directory)
  const taken = await occupy()
  const addresses = [`/ip4/0.0.0.0/tcp/${taken}`, `/ip4/0.0.0.0/tcp/${taken}/ws`]
  const first = await chooseFreePorts({ addresses, directory, claims })
  const ports = first.map(portOf)
  expect(ports).not.toContain(taken)
  expect(new Set(ports).size).toBe(2)
  expect(first).toEqual([`/ip4/0.0.0.0/tcp/${ports[0]}`, `/ip4/0.0.0.0/tcp/${ports[1]}/ws`])
  expect(await chooseFreePorts({ addresses, directory, claims })).toEqual(first)
})

test.for(['', '{', '{"a":1}', '["x",-1,99999]'])(
  'starts all the same when what it remembers is %j',
  async (content) => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, 'ports.json'), content)
    const taken = await occupy()
    const [address] = await chooseFreePorts({
      addresses: [`/ip4/0.0.0.0/tcp/${taken}`],
      directory,
      claims: await claimsOf(directory)
    })
    expect(portOf(address)).toBeGreaterThan(0)
  }
)

test('two nodes that look at the same moment do not choose the same port', async () => {
  const runtime = await temporaryDirectory()
  const { server, port } = await listening()
  await new Promise((resolve) => server.close(resolve))
  const choose = async (): Promise<string[]> => {
    const directory = await temporaryDirectory()
    const claims = await claimsOf(directory, runtime)
    return chooseFreePorts({ addresses: [`/ip4/0.0.0.0/tcp/${port}`], directory, claims })
  }
  const [[first], [second]] = await Promise.all([choose(), choose()])
  expect([portOf(first), portOf(second)]).toContain(port)
  expect(portOf(first)).not.toBe(portOf(second))
})

test('the claim of a process that has ended holds nobody up', async () => {
  const runtime = await temporaryDirectory()
  await writeFile(join(runtime, 'port-5866'), '999999999 /somewhere')
  expect(await (await claimsOf('here', runtime)).claim(5866)).toBe(true)
})
