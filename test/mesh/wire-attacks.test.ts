/** Attacks on libp2p that freeze or fill an unguarded node, each against a node in its own process. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { KAD_PROTOCOL } from '../../node/libp2p/network.ts'
import type { VictimMode, VictimReport } from '../support/attack-victim.ts'
import {
  closeOf,
  createAttacker,
  ENDLESS_LENGTH,
  giantFrame,
  lines,
  rawConnection,
  sendRaw
} from '../support/attackers.ts'
import type { AttackerInit } from '../support/attackers.ts'

/** An unguarded node is held up for three seconds, so that noise cannot hide a success. */
const MAX_GAP_MS = 100
const MAX_GROWTH_BYTES = 16 * 1024 * 1024
/** Another process may take the CPU; an attack that works, works every time. */
const TRIES = 3

const PROGRAM = fileURLToPath(new URL('../support/attack-victim.ts', import.meta.url))
const HEADER = '/multistream/1.0.0'

class Victim {
  readonly #child: ChildProcess
  address = ''

  constructor(mode: VictimMode) {
    this.#child = fork(PROGRAM, [mode])
  }

  async ready(): Promise<this> {
    const [message]: { addresses?: string[] }[] = await once(this.#child, 'message')
    this.address = message?.addresses?.[0] ?? ''
    return this
  }

  /** Has the victim dial; returns how it feels afterwards. */
  dial(address: string): Promise<VictimReport> {
    return this.report({ dial: address })
  }

  async report(command: { readonly dial?: string } = {}): Promise<VictimReport> {
    this.#child.send(command)
    const [report]: VictimReport[] = await once(this.#child, 'message')
    if (report === undefined) throw new Error('the victim said nothing')
    return report
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

const victims = {
  private: new Victim('private').ready(),
  open: new Victim('open').ready()
}

afterAll(async () => {
  await Promise.all(Object.values(victims).map(async (victim) => (await victim).kill()))
})

async function attackerOf(mode: VictimMode, init: AttackerInit = {}): Promise<Libp2p> {
  const attacker = await createAttacker({ open: mode === 'open', ...init })
  onTestFinished(async () => attacker.stop())
  return attacker
}

interface Harm {
  /** Longest time the event loop was held up, milliseconds. */
  readonly gapMs: number
  readonly grownBytes: number
  readonly honestDial: string
}

const NONE = {
  gapMs: expect.toSatisfy((ms: number) => ms < MAX_GAP_MS, `below ${MAX_GAP_MS}`),
  grownBytes: expect.toSatisfy((bytes: number) => bytes < MAX_GROWTH_BYTES, 'flat'),
  honestDial: 'open'
}

/** What an attack does to a node; the best of three. */
async function harmOf(mode: VictimMode, attack: (address: string) => Promise<void>): Promise<Harm> {
  const victim = await victims[mode]
  const { rssBytes } = await victim.report()
  let gapMs = Infinity
  for (let tries = 0; tries < TRIES && gapMs >= MAX_GAP_MS; tries++) {
    gapMs = Math.min(gapMs, await holdUp(victim, () => attack(victim.address)))
  }
  const { rssBytes: after } = await victim.report()
  const honest = await attackerOf(mode)
  const { status } = await honest.dial(multiaddr(victim.address))
  return { gapMs, grownBytes: after - rssBytes, honestDial: status }
}

/** How long the event loop was held up, at most, until the victim had noticed the attack. */
async function holdUp(victim: Victim, attack: () => Promise<void>): Promise<number> {
  const before = noticed(await victim.report())
  let gapMs = 0
  await attack()
  const look = async (): Promise<number> => {
    const report = await victim.report()
    gapMs = Math.max(gapMs, report.gapMs)
    return noticed(report)
  }
  await expect.poll(look, { interval: 20 }).toBeGreaterThan(before)
  return gapMs
}

function noticed({ violations, foreign }: VictimReport): number {
  return violations + foreign
}

test.for(['private', 'open'] as const)(
  'an endless length before any handshake: %s swarm',
  async (mode) => {
    const harm = await harmOf(mode, async (address) => {
      const socket = await rawConnection(address)
      socket.write(ENDLESS_LENGTH)
      await closeOf(socket)
    })
    expect(harm).toEqual(NONE)
  }
)

test('an endless length after a good greeting: open swarm', async () => {
  const harm = await harmOf('open', async (address) => {
    const socket = await rawConnection(address)
    socket.write(lines(HEADER))
    socket.write(ENDLESS_LENGTH)
    await closeOf(socket)
  })
  expect(harm).toEqual(NONE)
})

test.for([
  ['an endless length in place of the muxer’s name', ENDLESS_LENGTH],
  [
    'a frame of the muxer that announces 4 GiB',
    Buffer.concat([lines(HEADER, '/yamux/1.0.0'), giantFrame(), ENDLESS_LENGTH])
  ]
] as const)('%s, after the handshake', async ([, bytes]) => {
  const attacker = await attackerOf('private', {
    onSecured: (connection) => sendRaw(connection, bytes)
  })
  const harm = await harmOf('private', async (address) => {
    await attacker.dial(multiaddr(address)).catch(() => undefined)
  })
  expect(harm).toEqual(NONE)
})

test.for([
  ['an endless length', ENDLESS_LENGTH],
  ['a length beyond any honest message', Uint8Array.of(0xff, 0xff, 0xff, 0x7f)]
] as const)('%s on a stream of the DHT', async ([, bytes]) => {
  const attacker = await attackerOf('private')
  const harm = await harmOf('private', async (address) => {
    const connection = await attacker.dial(multiaddr(address))
    const stream = await connection.newStream(KAD_PROTOCOL)
    sendRaw(stream, bytes)
    await once(stream, 'close')
  })
  expect(harm).toEqual(NONE)
})

test('an endless length in answer to a stream that the victim opens', async () => {
  const attacker = await attackerOf('private', {
    onStream: (stream) => sendRaw(stream, Buffer.concat([lines(HEADER), ENDLESS_LENGTH]))
  })
  const harm = await harmOf('private', async (address) => {
    // Identify opens one on every new connection.
    const connection = await attacker.dial(multiaddr(address))
    if (connection.status === 'open') await once(connection, 'close')
  })
  expect(harm).toEqual(NONE)
})

test('an endless length from a listener that the victim dials', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.write(ENDLESS_LENGTH)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const port = String(Object(server.address()).port)
  const victim = await victims.open
  const harm = await harmOf('open', async () => {
    await victim.dial(`/ip4/127.0.0.1/tcp/${port}`)
  })
  expect(harm).toEqual(NONE)
})
