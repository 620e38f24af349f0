import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createCardVectors, REST_MS } from '../../../../discovery/cards/card-vectors.ts'
import { createDirectory } from '../../../../discovery/directory/directory.ts'
import type { Provider } from '../../../../discovery/directory/provider.ts'
import { createFinder } from '../../../../discovery/directory/find.ts'
import { createFindByMeaning } from '../../../../discovery/directory/meaning.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import { prefixRange } from '../../../../storage/store.ts'
import type { Store } from '../../../../storage/store.ts'
import { SIGNATURE, testCard, testSkill } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** A model that knows of pictures, money and nothing else. */
const MEANINGS = [/pictur|photo|image/i, /invoice|bill|money/i, /./]

function createModel(name = 'test/one') {
  const state = { asked: [] as string[], fails: false, hangs: false }
  return {
    state,
    name,
    async embed(texts: readonly string[], signal: AbortSignal) {
      state.asked.push(...texts)
      if (state.fails) throw new Error('no credit')
      if (state.hangs) {
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason))
        )
      }
      return texts.map((text) =>
        MEANINGS.map((meaning, at) => (meaning.test(text) ? (at === 2 ? 0.1 : 1) : 0))
      )
    }
  }
}

const AGENTS: Readonly<Record<string, string>> = {
  eyes: 'describes pictures',
  clerk: 'reads invoices',
  poet: 'writes verses'
}

async function setup({ model = createModel(), store = createMemoryStore() } = {}) {
  const clock = new ManualClock()
  const directory = createDirectory(clock, { self: 'me', name: 'birch' })
  for (const peer of ['peer-1', 'peer-2']) {
    const cards = Object.entries(AGENTS).map(([agentId, description]) => {
      const skills = [testSkill(`${agentId}.do`, { description })]
      const card = { ...testCard(peer, agentId, { skills }), signatures: [] }
      return { ...SIGNATURE, peer, agentId, digest: `${peer}/${agentId}`, card }
    })
    const says = { name: peer, load: 0, slots: 1, cards: cards.map(({ digest }) => digest) }
    directory.confirm(peer, says, 2 * REST_MS)
    for (const card of cards) directory.add(card)
  }
  const vectors = createCardVectors({
    embedder: model,
    store: () => store,
    clock,
    logger: silentLogger
  })
  await vectors.start()
  onTestFinished(() => vectors.stop())
  const finder = createFinder({
    directory,
    dht: { async *providers() {} },
    exchange: { confirm: async () => undefined, learning: () => undefined },
    self: 'me',
    clock,
    logger: silentLogger,
    findByMeaning: createFindByMeaning({ directory, vectors })
  })
  return { clock, model, store, vectors, finder }
}

function said(providers: readonly Provider[]): string[] {
  return providers.map(({ agentId, peer }) => `${agentId} ${peer}`)
}

async function keysIn(store: Pick<Store, 'iterate'>): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of store.iterate(prefixRange('cards/vector/'))) keys.push(key)
  return keys
}

test('what shares no word with a question is found by what it means', async () => {
  const { finder } = await setup()
  const { providers } = await finder.find('photo')
  expect(said(providers)).toEqual(['eyes peer-1', 'eyes peer-2'])
  expect(providers[0]).toMatchObject({ match: 'words', name: 'peer-1' })
})

test('what has the words and the meaning comes before what has either', async () => {
  const { finder } = await setup()
  const { providers } = await finder.find('verses of invoices')
  expect(said(providers)).toEqual(['clerk peer-1', 'clerk peer-2', 'poet peer-1', 'poet peer-2'])
  expect(providers[0]?.score).toBeLessThanOrEqual(0.6)
})

test('only agents that meet the demands are found by meaning', async () => {
  const { finder } = await setup()
  expect((await finder.find('photo version>=2')).providers).toEqual([])
})

test('equal texts have one vector, made once, and kept on disk for the next start', async () => {
  const first = await setup()
  await first.finder.find('photo')
  await first.finder.find('photo')
  expect(first.model.state.asked).toHaveLength(1 + Object.keys(AGENTS).length)
  await first.vectors.stop()
  const { finder, model } = await setup({ store: first.store })
  expect(said((await finder.find('photo')).providers)).toContain('eyes peer-1')
  expect(model.state.asked).toEqual(['photo'])
})

test('with another model all vectors are made anew, and the old ones go', async () => {
  const { finder, store, vectors } = await setup()
  await finder.find('photo')
  await vectors.stop()
  const before = await keysIn(store)
  const next = await setup({ store, model: createModel('test/two') })
  await next.finder.find('photo')
  const after = await keysIn(store)
  expect(after).toHaveLength(before.length)
  expect(after.filter((key) => before.includes(key))).toEqual([])
})

test('while the model fails words alone find, without asking it again for a while', async () => {
  const { finder, model, clock } = await setup()
  model.state.fails = true
  expect(said((await finder.find('reads invoices')).providers)).toContain('clerk peer-1')
  const { length } = model.state.asked
  expect((await finder.find('photo')).providers).toEqual([])
  expect(model.state.asked).toHaveLength(length)
  model.state.fails = false
  await clock.advance(REST_MS)
  expect(said((await finder.find('photo')).providers)).toContain('eyes peer-1')
})

test('a model that does not answer holds one question up, and that not for long', async () => {
  const { finder, model, clock } = await setup()
  model.state.hangs = true
  const found = finder.find('reads invoices')
  await clock.advance(LIMITS.findEmbedding.value)
  expect(said((await found).providers)).toEqual(['clerk peer-1', 'clerk peer-2'])
  expect(said((await finder.find('reads invoices')).providers)).toContain('clerk peer-1')
})

test('a model that was late is asked again as soon as it has answered', async () => {
  const { finder, model, clock } = await setup()
  const answer = Promise.withResolvers<undefined>()
  const embed = model.embed.bind(model)
  model.embed = async (texts, signal) => {
    await answer.promise
    return embed(texts, signal)
  }
  const found = finder.find('photo')
  await clock.advance(LIMITS.findEmbedding.value)
  expect((await found).providers).toEqual([])
  answer.resolve(undefined)
  await clock.advance(0)
  expect(said((await finder.find('photo')).providers)).toContain('eyes peer-1')
})

test.for(['eyes', 'eyes.do', '@eyes', 'eyes.do version=1'])(
  'a name is not shown to the model: %s',
  async (query) => {
    const { finder, model } = await setup()
    expect((await finder.find(query)).providers).toHaveLength(2)
    expect(model.state.asked).toEqual([])
  }
)

test('whoever asks while the model has a text waits for it, and the model has it once', async () => {
  const model = createModel()
  const answer = Promise.withResolvers<void>()
  const embed = model.embed.bind(model)
  model.embed = async (texts, signal) => {
    const made = await embed(texts, signal)
    await answer.promise
    return made
  }
  const { finder } = await setup({ model })
  const first = finder.find('photo')
  await expect.poll(() => model.state.asked).toHaveLength(1 + Object.keys(AGENTS).length)
  const second = finder.find('photo')
  answer.resolve()
  for (const { providers } of await Promise.all([first, second])) expect(providers).toHaveLength(2)
  expect(model.state.asked).toEqual([...new Set(model.state.asked)])
})

test('who looks for somebody to run a task does not ask the model', async () => {
  const { finder, model } = await setup()
  expect((await finder.find('eyes', { exact: true })).providers).toHaveLength(2)
  expect(model.state.asked).toEqual([])
})

test('whoever gives up while the model is asked hears so', async () => {
  const { finder, model } = await setup()
  model.state.hangs = true
  const leaving = new AbortController()
  const found = finder.find('photo', { signal: leaving.signal })
  const reason = new Error('given up')
  leaving.abort(reason)
  await expect(found).rejects.toBe(reason)
})
