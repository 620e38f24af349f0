/** Fetches the signature of who asked first when its task is passed on: who is asked directly needs none, and most are. */
import { z } from 'zod'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { decodeJsonBody } from '../session/json-body.ts'
import type { Sessions } from '../session/session.ts'

/** What a peer signs for this node to act for it. */
export interface Signed {
  readonly token: string
  /** What that peer may elsewhere. */
  readonly grants: readonly string[]
}

export interface BehalfExchangeComponents {
  readonly sessions: Pick<Sessions, 'get' | 'methods'>
  /** `undefined` when the peer was not given that task, or it has ended. */
  readonly sign: (peer: PeerIdText, task: string) => Promise<Signed | undefined>
}

export interface BehalfExchange {
  /** Asks a peer for it, once a task; `undefined` when it cannot be had now. */
  fetch(peer: PeerIdText, task: string): Promise<Signed | undefined>
}

const SIGN_METHOD = 'behalf.sign'

const question = z.object({ v: z.literal(1), task: z.string().max(64) })
const text = z.string().max(LIMITS.grantBytes.value)
const answer = z.object({
  v: z.literal(1),
  token: text,
  grants: z.array(text).max(LIMITS.behalfGrants.value)
})

export function createBehalfExchange(components: BehalfExchangeComponents): BehalfExchange {
  const { sessions, sign } = components
  /** By peer and task; the one that was asked for first is the first. */
  const held = new RecentMap<string, Promise<Signed | undefined>>(LIMITS.behalfHeld.value)
  sessions.methods.request(SIGN_METHOD, async (body, { peer }) => {
    const signed = await sign(peer, decodeJsonBody(question, body).task)
    if (signed === undefined) throw new LumosError('TASK_NOT_FOUND')
    return encode({ v: 1, ...signed })
  })

  async function ask(peer: PeerIdText, task: string): Promise<Signed | undefined> {
    const session = sessions.get(peer)
    if (session === undefined) return undefined
    try {
      const timeoutMs = LIMITS.behalfWait.value
      const body = await session.request(SIGN_METHOD, encode({ v: 1, task }), { timeoutMs })
      const { token, grants } = decodeJsonBody(answer, body)
      return { token, grants }
    } catch {
      // Gone, too slow or too old: the task is passed on all the same, as its caller's word.
      return undefined
    }
  }

  return {
    async fetch(peer, task) {
      const name = `${peer} ${task}`
      const asked = held.get(name) ?? ask(peer, task)
      held.set(name, asked)
      const signed = await asked
      if (signed === undefined && held.get(name) === asked) held.delete(name)
      return signed
    }
  }
}

function encode(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
