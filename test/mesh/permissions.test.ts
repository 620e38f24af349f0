/** Every method of the session, for every role and for who is no member, over a real session: none is open by oversight. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { GRANT_ACTIONS } from '../../core/grant-words.ts'
import type { GrantAction } from '../../core/grant-words.ts'
import { toLumosError } from '../../core/errors.ts'
import { createMeshLinks } from '../../discovery/peers/mesh-links.ts'
import { serveWitness } from '../../node/operations/doctor/witness.ts'
import { PING_METHOD } from '../../node/operations/peers.ts'
import type { Session } from '../../protocols/session/session.ts'
import { OPERATION_LIST } from '../../trust/operations.ts'
import { ROLES } from '../../trust/roles.ts'
import type { Role } from '../../trust/roles.ts'
import { a2aBetween, startAssembly } from '../support/a2a-nodes.ts'

const HOUR = 3_600_000
/** A call of nonsense is refused later, by the method itself, or takes too long. */
const CALL = { timeoutMs: 300 }

async function setup() {
  const asked = await startAssembly()
  const asking = await startAssembly()
  onTestFinished(async () => {
    await asking.stop()
    await asked.stop()
  })
  const { sessions, nodeSwarm, identity } = asked.assembly.wire
  sessions.methods.request(PING_METHOD, (body) => body)
  serveWitness({
    clock: systemClock,
    sessions,
    network: asked.assembly.wire.network,
    probe: async ({ address }) => ({ address, code: 'refused', text: 'nobody', steps: [] })
  })
  createMeshLinks({ clock: systemClock, sessions, own: () => [] }).serve()
  await a2aBetween(asking.assembly, asked.assembly)
  const roleOf = vi.spyOn(nodeSwarm, 'roleOf')
  return {
    session: await asking.assembly.wire.sessions.connect(identity.peer),
    /** The only grant that the peer has shown. */
    grant: async (can: GrantAction) => {
      const { authority, grants } = asked.assembly.wire
      const audience = asking.assembly.wire.identity.peer
      const place = `node:${identity.peer}`
      const { token } = await grants.create({ audience, with: place, can: [can], lifetimeMs: HOUR })
      expect(await authority.present(audience, [token])).toEqual([])
    },
    become: (role: Role | undefined) => roleOf.mockImplementation(() => role)
  }
}

/** Code of the error; `''` without one. */
async function outcomeOf(session: Session, method: string): Promise<string> {
  const call = async (way: 'request' | 'stream'): Promise<string> => {
    try {
      if (way === 'request') await session.request(method, new Uint8Array(1), CALL)
      else for await (const _ of session.stream(method, new Uint8Array(1), CALL)) break
      return ''
    } catch (error) {
      return toLumosError(error).code
    }
  }
  const outcome = await call('request')
  return outcome === 'UNKNOWN_METHOD' ? call('stream') : outcome
}

test('each method is open to those whom the table names, and to nobody else', async () => {
  const { session, become } = await setup()
  const table = new Map<string, string>()
  const expected = new Map<string, string>()
  for (const role of [...ROLES, undefined]) {
    become(role)
    for (const { name, methods, roles, anybody = false } of OPERATION_LIST) {
      const may = anybody || (role !== undefined && roles.includes(role))
      // oxlint-disable-next-line no-await-in-loop -- the role is that of the whole node
      const outcomes = await Promise.all(methods.map((method) => outcomeOf(session, method)))
      for (const [at, outcome] of outcomes.entries()) {
        const cell = `${role ?? 'stranger'} ${name} ${methods[at]}`
        table.set(cell, outcome === 'UNKNOWN_METHOD' ? outcome : said(outcome !== 'FORBIDDEN'))
        expected.set(cell, said(may))
      }
    }
  }
  expect(Object.fromEntries(table)).toEqual(Object.fromEntries(expected))
})

test('each grant opens to a stranger what the table names, and nothing else', async () => {
  const { session, become, grant } = await setup()
  become(undefined)
  for (const can of GRANT_ACTIONS) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await grant(can)
    const calls = OPERATION_LIST.flatMap(({ name, methods, anybody = false, grant: word }) =>
      methods.map(async (method) => {
        const outcome = await outcomeOf(session, method)
        return [
          `${can} ${name} ${method}`,
          said(outcome !== 'FORBIDDEN'),
          said(anybody || word === can)
        ]
      })
    )
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (const [cell, outcome, expected] of await Promise.all(calls)) {
      expect(`${cell}: ${outcome}`).toBe(`${cell}: ${expected}`)
    }
  }
})

function said(may: boolean): string {
  return may ? 'may' : 'may not'
}
