/** What a peer brought goes on to others. */
import { describe, expect, test } from 'vitest'
import type { RepairResult } from '../../../memory/repair/repair.ts'
import { startKeeper } from '../../support/keeper-node.ts'

describe('what a peer brought', () => {
  const OTHERS = ['n', 'o', 'p', 'q', 'r', 's']

  /** All have met. `moved` says what a repair with a peer moves; resolves with who was asked. */
  async function spreading(moved: (peer: string) => Partial<RepairResult> = () => ({})) {
    const node = await startKeeper({ instant: false })
    let ended = 0
    const pass = async (seconds: number): Promise<readonly string[]> => {
      const from = node.runs.length
      for (let step = 0; step < seconds * 10; step += 1) {
        for (const { peer, end } of node.runs.slice(ended)) end(moved(peer))
        ended = node.runs.length
        await node.clock.advance(100)
      }
      return node.runs.slice(from).map(({ peer }) => peer)
    }
    await node.meet(...OTHERS)
    for (const { end } of node.runs) end()
    ended = node.runs.length
    await pass(1)
    return { ...node, pass }
  }

  test('is offered to another peer every second, until three knew it', async () => {
    const { keeper, pass } = await spreading()
    keeper.brought('facts', 'n')
    const asked = await pass(8)
    expect(asked).toHaveLength(3)
    expect(new Set(asked).size).toBe(3)
    expect(asked).not.toContain('n')
    expect(await pass(4)).toEqual([])
  })

  test('goes on for as long as peers lack it', async () => {
    const lacking = new Set(OTHERS.slice(1))
    const { keeper, pass } = await spreading((peer) => ({ pushed: Number(lacking.delete(peer)) }))
    keeper.brought('facts', 'n')
    await pass(20)
    expect([...lacking]).toEqual([])
    expect(await pass(4)).toEqual([])
  })

  test('is news as well when this node fetched it', async () => {
    const { keeper, clock, pass } = await spreading((peer) => ({ pulled: Number(peer === 'n') }))
    keeper.missing('facts', ['n'], () => true)
    await clock.advance(250)
    expect(await pass(8)).toHaveLength(3)
  })

  test('is offered to nobody when the one that brought it is the only peer', async () => {
    const { clock, keeper, meet, runs } = await startKeeper()
    await meet('x')
    await clock.advance(1000)
    const before = runs.length
    keeper.brought('facts', 'x')
    await clock.advance(5000)
    expect(runs).toHaveLength(before)
  })

  test('is nothing to a node that has stopped', async () => {
    const { clock, keeper } = await spreading()
    keeper.brought('facts', 'n')
    await keeper.stop()
    keeper.brought('facts', 'o')
    expect(clock.pending).toBe(0)
  })
})
