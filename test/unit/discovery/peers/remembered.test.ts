import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../core/logger.ts'
import type { PeerHint } from '../../../../discovery/peers/hint.ts'
import type { KnownPeer } from '../../../../discovery/peers/peer-book.ts'
import { createRemembered, REMEMBERED_FILE } from '../../../../discovery/peers/remembered.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const MINUTE = 60_000

function known(peer: string, connectedAt: number | undefined): KnownPeer {
  const addresses = ['/ip4/10.0.0.1/tcp/1']
  return { peer, name: undefined, addresses, foundBy: [], failures: [], connectedAt, seenAt: 0 }
}

async function setup() {
  const directory = await temporaryDirectory()
  const path = join(directory, REMEMBERED_FILE)
  const clock = new ManualClock()
  /** One run of a node; resolves to the hints it began with. */
  async function run(peers: readonly KnownPeer[], { swarm = 'swarm', forMs = 0 } = {}) {
    const hints: PeerHint[] = []
    const remembered = createRemembered(
      { clock, logger: silentLogger, peers: () => peers },
      { directory, swarm }
    )
    remembered.events.on('found', (hint) => hints.push(hint))
    await remembered.start()
    await clock.advance(forMs)
    await remembered.stop()
    return hints.map(({ peer }) => peer)
  }
  return { clock, path, run }
}

test('hints at the peers of last time, the latest first; strangers are not worth it', async () => {
  const { run } = await setup()
  expect(
    await run([known('peer-older', 1), known('peer-never', undefined), known('peer-newer', 2)])
  ).toEqual([])
  expect(await run([])).toEqual(['peer-newer', 'peer-older'])
})

test('keeps what it knew when it met nobody', async () => {
  const { run } = await setup()
  await run([known('peer-first', 1)])
  await run([])
  expect(await run([])).toEqual(['peer-first'])
})

test('does not wait for the end: a killed node remembers, too', async () => {
  const { clock, path, run } = await setup()
  const ended = run([known('peer-first', 1)], { forMs: MINUTE })
  await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toContain('peer-first')
  await ended
  expect(clock.pending).toBe(0)
})

test('forgets the peers of another swarm', async () => {
  const { run } = await setup()
  await run([known('peer-first', 1)])
  expect(await run([], { swarm: 'another' })).toEqual([])
})

test('keeps 128 peers, the latest', async () => {
  const { run } = await setup()
  await run(Array.from({ length: 300 }, (_, index) => known(`peer-${index}`, index)))
  const hints = await run([])
  expect(hints).toHaveLength(128)
  expect(hints[0]).toBe('peer-299')
})

test.for([
  ['torn', '{"v":1,"swarm":"swarm","peers":['],
  ['another version', '{"v":9}'],
  ['huge', ' '.repeat(1_000_000)]
] as const)('starts without a file that is %s, and writes a good one', async ([, content]) => {
  const { path, run } = await setup()
  await writeFile(path, content)
  expect(await run([known('peer-first', 1)])).toEqual([])
  expect(await run([])).toEqual(['peer-first'])
})
