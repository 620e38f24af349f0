/** Spaces on request of a person: forgetting one, and taking it up again. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import type { ForgetOptions, MemorySpace } from '../../../../memory/shared-memory.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../../memory/spaces/space.ts'
import { createSpaceOperations } from '../../../../node/operations/spaces.ts'
import { peerOfKey } from '../../../../trust/author-key.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { toySigner } from '../../../support/memory-world.ts'

const OWNER = toySigner('owner')
const GENESIS = {
  ...DEFAULT_QUOTAS,
  mode: 'members',
  sealed: true,
  nonce: '01'.repeat(16)
} as const
const TEAM = createSpace({ ...GENESIS, name: 'team', owner: OWNER.author }, OWNER)

function setup() {
  const asked: unknown[] = []
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no more of it is looked at
  const memory = { space: TEAM, statements: [] } as unknown as MemorySpace
  const operations = createSpaceOperations({
    clock: new ManualClock(),
    self: peerOfKey(OWNER.author),
    nameOf: () => 'ada',
    select: (peer) => peer,
    spaces: {
      space: () => memory,
      spaces: () => [],
      forgotten: () => [TEAM],
      create: async () => memory,
      async forget(name: string, options: ForgetOptions = {}) {
        asked.push([name, options])
        if (options.force !== true) {
          throw new LumosError('SPACE_OWNED', { details: { space: name } })
        }
        return TEAM
      },
      async join(name) {
        asked.push(name)
        return memory
      }
    }
  })
  return { operations, asked }
}

const summary = { name: 'team', id: TEAM.id, mode: 'members', sealed: true, own: true }

test('what was forgotten is named apart from what is here', async () => {
  const { operations } = setup()
  expect(await operations.list()).toMatchObject({ spaces: [], forgotten: [summary] })
})

test('a space is forgotten by its name, one of this node’s own only if that is meant', async () => {
  const { operations, asked } = setup()
  await expect(operations.forget('team', {})).rejects.toMatchObject({ code: 'SPACE_OWNED' })
  expect(await operations.forget('team', { force: true })).toMatchObject({ v: 1, space: summary })
  expect(asked).toEqual([
    ['team', {}],
    ['team', { force: true }]
  ])
})

test('who joins again is shown the space', async () => {
  const { operations, asked } = setup()
  expect(await operations.join(TEAM.id)).toMatchObject({ v: 1, space: { ...summary, grants: [] } })
  expect(asked).toEqual([TEAM.id])
})
