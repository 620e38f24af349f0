import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkHop, extendChain, rootChain, traceparentOf } from '../../../../core/chain.ts'
import { LumosError } from '../../../../core/errors.ts'
import type { JsonObject } from '../../../../core/json.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { traceOf } from '../../../../core/trace.ts'
import { chainMetadata, receiveChain, usageOf } from '../../../../protocols/a2a/chain.ts'
import { CHAIN_EXTENSION, USAGE_EXTENSION } from '../../../../protocols/a2a/constants.ts'

const TASK = '01890a5d-ac96-774b-bcce-b302099a8057'
const FROM = { caller: 'b', taskId: TASK }
const BUDGET = { calls: 3, tokens: 100, money: 0.5 }

function receive(value: JsonObject) {
  return receiveChain({ [CHAIN_EXTENSION]: { path: [], ...value } }, FROM)
}

test('what is sent is what arrives', () => {
  const root = rootChain(TASK, { priority: 'batch', budget: BUDGET })
  const first = receiveChain(chainMetadata(root, TASK), { caller: 'a', taskId: TASK })
  const span = 'bcceb302099a8057'
  expect(first).toEqual({ ...root, span, path: [{ peer: 'a', agent: '' }] })
  const asked = extendChain(first, { peer: 'b', agent: 'first' }, { calls: 1 })
  expect(receiveChain(chainMetadata(asked, TASK), FROM)).toEqual(asked)
})

test('without a chain, somebody at the caller’s node asks', () => {
  expect(receiveChain(undefined, FROM)).toEqual({
    ...rootChain(TASK),
    path: [{ peer: 'b', agent: '' }]
  })
})

test.for([
  { path: [{ peer: 'somebody else', agent: 'x' }] },
  { path: 'b' },
  { path: [{ peer: 'b' }] },
  { path: [{ peer: 'b', agent: 'x'.repeat(65) }] },
  { budget: { tokens: -1 } },
  { budget: { tokens: 1e300 } },
  { budget: { calls: 0.5 } },
  { budget: { money: 'much' } },
  { budget: [] }
])('a chain that cannot be is refused: %o', (chain) => {
  expect(() => receive(chain)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
})

test('nobody raises what this node allows, and a longer path is too deep', () => {
  expect(receive({ maxHops: 1e9 }).maxHops).toBe(LIMITS.agentAskDepth.value)
  expect(receive({ maxHops: -1 }).maxHops).toBe(LIMITS.agentAskDepth.value)
  expect(receive({ maxHops: 2 }).maxHops).toBe(2)
  expect(receive({ priority: 'at once' }).priority).toBe('normal')
  const path = Array.from({ length: LIMITS.agentAskDepth.value + 2 }, () => ({
    peer: 'b',
    agent: 'x'
  }))
  expect(() => receive({ path })).toThrow(expect.objectContaining({ code: 'ASKED_TOO_DEEP' }))
})

test('a trace that is none is replaced, whatever was sent', () => {
  const own = TASK.replaceAll('-', '')
  for (const traceparent of ['', 'x', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`, 7, null]) {
    expect(receive({ traceparent }).trace).toBe(own)
  }
  const trace = 'a'.repeat(32)
  expect(receive({ traceparent: traceparentOf({ trace }, TASK) }).trace).toBe(trace)
  expect(traceOf(`ff-${trace}-${'1'.repeat(16)}-01`)).toBeUndefined()
})

test('whatever is sent, it is a chain within bounds or an error with a code', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const read = () =>
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON by construction
        receiveChain({ [CHAIN_EXTENSION]: value } as JsonObject, FROM)
      try {
        expect(read().path.at(-1)?.peer).toBe('b')
      } catch (error) {
        expect(error).toBeInstanceOf(LumosError)
      }
    })
  )
})

test('the same agent at the same peer is not asked twice; a peer may be, by another agent', () => {
  const chain = { ...rootChain(TASK), path: [{ peer: 'b', agent: 'x' }] }
  expect(() => checkHop(chain, { peer: 'b', agent: 'x' })).toThrow(
    expect.objectContaining({ code: 'ASKED_IN_CIRCLE' })
  )
  expect(() => checkHop(chain, { peer: 'b', agent: 'y' })).not.toThrow()
  expect(() => checkHop(chain, { peer: 'c', agent: 'x' })).not.toThrow()
  expect(() => checkHop({ ...chain, maxHops: 0 }, { peer: 'c', agent: 'x' })).toThrow(
    expect.objectContaining({ code: 'ASKED_TOO_DEEP', details: { limit: 0 } })
  )
})

function told(value: JsonObject) {
  return usageOf({
    statusUpdate: {
      taskId: TASK,
      contextId: '',
      status: { state: 'TASK_STATE_COMPLETED' },
      metadata: { [USAGE_EXTENSION]: value }
    }
  })
}

test('what somebody says it spent counts when it is an amount', () => {
  expect(told({ tokens: 5 })).toEqual({ calls: 0, tokens: 5, money: 0 })
  expect(told({ tokens: -5 })).toBeUndefined()
})
