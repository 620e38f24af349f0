/** Who is no stranger: by the members list, or by having been met. */
import { expect, test } from 'vitest'
import { createKnownAuthors } from '../../../../memory/spaces/known-authors.ts'
import type { KnownAuthors } from '../../../../memory/spaces/known-authors.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { SessionNetwork } from '../../../support/session-network.ts'

function setup(list?: ReadonlySet<string>) {
  const network = new SessionNetwork(new ManualClock())
  const sessions = network.add('me')
  for (const peer of ['ada', 'bob', 'eve', 'odd']) network.add(peer)
  const known = createKnownAuthors({
    sessions,
    authorsOf(peer) {
      if (peer === 'odd') throw new TypeError('another kind of key')
      return [`${peer} before`, peer]
    },
    listedAuthors: { all: () => list, onChanged: () => () => undefined },
    self: 'me'
  })
  return { network, known, sessions }
}

function strangers(known: KnownAuthors, ...authors: readonly string[]): string[] {
  return authors.filter((author) => !known.isKnown(author))
}

test('without a list those are known who were met, also after they left', async () => {
  const { network, known, sessions } = setup()
  network.link('me', 'ada')
  await known.start()
  network.link('me', 'bob')
  network.link('me', 'odd')
  network.unlink('me', 'bob')
  expect(strangers(known, 'me', 'ada', 'ada before', 'bob', 'eve', 'odd')).toEqual(['eve', 'odd'])
  expect(known.listed).toBe(false)
  await known.stop()
  expect(sessions.events.listenerCount('opened')).toBe(0)
})

test('with a list it alone counts', async () => {
  const { network, known } = setup(new Set(['ada']))
  await known.start()
  network.link('me', 'bob')
  expect(strangers(known, 'me', 'ada', 'bob')).toEqual(['bob'])
  expect(known.listed).toBe(true)
})
