/** Attacks of a member by calls of its session. */
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { LIMITS } from '../../../core/limits.ts'
import { CARD_METHODS } from '../../../discovery/cards/card-protocol.ts'
import { GRANT_METHODS } from '../../../protocols/grants/messages.ts'
import { MEMBER_METHODS } from '../../../protocols/membership/constants.ts'
import type { RawSessionPeer } from '../../support/raw-session-peer.ts'
import { ShowsNothing } from '../attack.ts'
import type { Attack, Kit } from '../attack.ts'
import { asking, rawSession } from './asking.ts'
import { codeOf, repeat, Tally } from './attempts.ts'

interface OpenSession {
  readonly raw: RawSessionPeer
  readonly peer: string
}

async function openSession(kit: Kit): Promise<OpenSession> {
  const node = await kit.bare()
  const raw = await rawSession(kit, node)
  if (raw === undefined) throw new ShowsNothing('no session')
  return { raw, peer: node.peerId.toString() }
}

function lastOf({ frames }: RawSessionPeer): string {
  const last = frames.at(-1)
  return last && 'body' in last ? Buffer.from(last.body).toString() : ''
}

const callFlood: Attack = {
  name: 'call flood',
  threats: [4, 31],
  expected: '`OVERLOADED` above `callRate`, then the session ends',
  durationMs: 3000,
  async run(kit) {
    const { raw, peer } = await openSession(kit)
    const begun = performance.now()
    let calls = 0
    let refused = false
    while (!kit.signal.aborted && raw.end === undefined) {
      // An end of its own making would be no answer of the victim's.
      for (let burst = 0; burst < 500 && raw.writable; burst++) raw.call(2 * calls++ + 1, 'nothing')
      // Only looked at: to read all answers would make it a slow flood.
      refused ||= raw.frames.length > 0 && lastOf(raw).includes('OVERLOADED')
      raw.frames.length = 0
      await pause(1)
    }
    const seconds = (performance.now() - begun) / 1000
    const allowed = LIMITS.callBurst.value + LIMITS.callRate.value * seconds
    const isBounded = raw.end !== undefined || refused
    if (calls > 2 * allowed && !isBounded) throw new Error(`${calls} calls were all answered`)
    // A stream that broke says nothing of why: neither side may have meant it.
    if (raw.end === 'ended') kit.accuse(peer)
    const end =
      raw.end === undefined ? 'and the session went on' : `and the session ended (${raw.end})`
    return `${calls} calls, ${refused ? '' : 'none '}refused, ${end}`
  }
}

const nonsense: Attack = {
  name: 'frames that no honest peer sends',
  threats: [1],
  expected: 'session ended; after `sessionStrikes`, none for `sessionPenalty`',
  async run(kit) {
    const node = await kit.bare()
    kit.accuse(node.peerId.toString())
    let ended = 0
    const { failed } = await repeat(kit, async () => {
      const raw = await rawSession(kit, node)
      if (raw === undefined) throw new Error('refused')
      if (ended % 2 === 0) raw.say(0x0c, 0, 1)
      else raw.sayBytes(Uint8Array.of(0xff, 0xff, 0xff))
      while (raw.end === undefined && !kit.signal.aborted) await pause(5)
      ended += 1
    })
    if (ended === 0) throw new ShowsNothing('the first session goes on')
    if (ended > LIMITS.sessionStrikes.value) throw new Error(`${ended} sessions were let in`)
    return `${ended} sessions ended, ${failed} more refused`
  }
}

const DEPTH = 150_000

/** Brackets upon brackets: correct JSON of up to 1 MB that is many times as much once parsed, or overflows a stack. */
const bombs = {
  deep: Buffer.from('['.repeat(DEPTH) + ']'.repeat(DEPTH)),
  wide: Buffer.from(`[${'[],'.repeat(DEPTH)}0]`),
  keys: Buffer.from(`{${'"":{},'.repeat(DEPTH)}"":0}`)
}

const BOMBED = [
  'a2a.SendMessage',
  'a2a.GetTask',
  CARD_METHODS.get,
  CARD_METHODS.presence,
  'peers.sample',
  GRANT_METHODS.show,
  GRANT_METHODS.revoked,
  MEMBER_METHODS.sync,
  MEMBER_METHODS.tell,
  'memory.offer'
]

const jsonBomb: Attack = {
  name: 'deep and wide JSON',
  threats: [1],
  expected: 'refused before it is parsed',
  async run(kit) {
    const { session } = await asking(kit)
    const all = BOMBED.flatMap((method) => Object.values(bombs).map((bomb) => ({ method, bomb })))
    const tally = new Tally()
    for (const { method, bomb } of all) {
      if (kit.signal.aborted) break
      const headers = { 'a2a-version': '1.0' }
      const answer = session.request(method, bomb, { headers, signal: kit.signal })
      const code = await answer.then(() => 'taken', codeOf)
      // A statement that is none is ignored, and the answer is the victim's own.
      const isIgnored = code === 'taken' && method === CARD_METHODS.presence
      if (code === 'taken' && !isIgnored) throw new Error(`${method} took it`)
      tally.add(isIgnored ? 'ignored' : code)
    }
    return tally.text()
  }
}

const hoarding: Attack = {
  name: 'requests that never end',
  threats: [3, 30],
  expected: 'no more held than `sessionBufferBytes`',
  async run(kit) {
    const { raw } = await openSession(kit)
    const head = Buffer.from('\0\0\0\0\x0b\0\0a2a.GetTask')
    const piece = new Uint8Array(60_000)
    let sent = 0
    for (let call = 0; !kit.signal.aborted && raw.end === undefined; call++) {
      raw.say(0x03, 0, 2 * call + 1, head)
      // The window of a call, which the victim opens no further while nothing is consumed.
      for (let at = 0; at < 4; at++) raw.say(0x04, 0, 2 * call + 1, piece)
      sent += 4 * piece.length
      await pause(2)
    }
    const end = raw.end ?? 'the session went on'
    return `${Math.round(sent / 1024 / 1024)} MiB in ${Math.round(sent / 4 / piece.length)} requests without an end: ${end}`
  }
}

export const CALL_ATTACKS: readonly Attack[] = [callFlood, nonsense, jsonBomb, hoarding]
