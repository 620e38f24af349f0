/** The doctor's own rules: deadlines, clocks, which addresses it takes, and what it does for peers. */
import { expect, test, vi } from 'vitest'
import type { Network } from '../../../../node/libp2p/network.ts'
import { clockFinding } from '../../../../node/operations/doctor/clocks.ts'
import { checked, examineAll } from '../../../../node/operations/doctor/examination.ts'
import { addressOf } from '../../../../node/operations/doctor/probe.ts'
import type { Probe, ProbeInit } from '../../../../node/operations/doctor/probe.ts'
import {
  DIAL_METHOD,
  ownPlaces,
  serveWitness,
  VIEW_METHOD
} from '../../../../node/operations/doctor/witness.ts'
import type { WitnessDial, WitnessView } from '../../../../node/operations/doctor/witness.ts'
import { LIMITS } from '../../../../core/limits.ts'
import type { RequestHandler } from '../../../../protocols/session/session.ts'
import { testIdentity } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const NEVER = new AbortController().signal

test('a look that hangs is unknown after its deadline, and the others have their say', async () => {
  const clock = new ManualClock()
  const good = checked('Good', 'good', { state: 'ok', text: 'fine' })
  let told = 'nothing'
  const report = examineAll(
    { clock },
    [
      { area: 'Bad', name: 'hangs', look: () => new Promise(() => undefined) },
      { area: 'Good', name: 'good', look: () => [good] },
      { area: 'Bad', name: 'throws', look: () => Promise.reject(new TypeError('broken')) },
      {
        area: 'Slow',
        name: 'last words',
        look: (signal) =>
          new Promise((done) => {
            signal.addEventListener('abort', () => {
              told = 'asked to hurry'
              done([checked('Slow', 'last words', { state: 'critical', text: 'it was at TCP' })])
            })
          })
      }
    ],
    NEVER
  )
  await clock.advance(LIMITS.doctorCheck.value)
  expect(await report).toMatchObject([
    { area: 'Bad', name: 'hangs', state: 'unknown', code: 'late' },
    good,
    { area: 'Bad', name: 'throws', state: 'unknown', code: 'failed' },
    { area: 'Slow', state: 'critical', text: 'it was at TCP' }
  ])
  expect(told).toBe('asked to hurry')
  expect(clock.pending).toBe(0)
})

const MINUTE = 60_000

test.for([
  ['nobody', [], 'ok', /no peer to compare/],
  ['all agree', [5, -20], 'ok', /within 20 ms of 2 peers/],
  [
    'one of two',
    [10 * MINUTE],
    'warning',
    /that of a is 10 min ahead of ours .*one of both is off/
  ],
  [
    'this one',
    [-MINUTE * 10, -MINUTE * 10],
    'critical',
    /this node's clock is off.*10 min behind it/
  ],
  ['another', [0, 10 * MINUTE], 'warning', /the clock of b \(10 min ahead of ours\) is off/],
  ['another of many', [0, 10, -90_000], 'warning', /the clock of c \(90 s behind ours\) is off/]
] as const)('the median decides whose clock is off: %s', ([, offsets, state, text]) => {
  const named = offsets.map((offsetMs, index) => ({ name: 'abc'.charAt(index), offsetMs }))
  const finding = clockFinding(named, 0)
  expect(finding).toMatchObject({ state, text: expect.stringMatching(text) })
  expect(finding.hint ?? 'timedatectl').toContain('timedatectl')
})

test.for([
  ['192.168.1.9:5866', '/ip4/192.168.1.9/tcp/5866'],
  ['[::1]:5866', '/ip6/::1/tcp/5866'],
  ['birch.example:443', '/dns/birch.example/tcp/443'],
  ['/ip4/10.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1'],
  ['bob', undefined],
  ['birch:70000', undefined]
] as const)('%s is the address %s', ([text, address]) => {
  expect(addressOf(text)).toBe(address)
})

test('only the host that a peer comes from is dialled, at the ports that it announces', () => {
  const seen = ['/ip4/203.0.113.7/tcp/40001/p2p/x']
  const announced = [
    '/ip4/10.0.0.5/tcp/5866',
    '/ip4/198.51.100.1/tcp/22',
    '/dns4/internal/tcp/80',
    '/ip4/10.0.0.5/tcp/5867/ws',
    '/ip4/192.0.2.1/tcp/5866/p2p/R/p2p-circuit'
  ]
  expect(ownPlaces(seen, announced)).toEqual([
    '/ip4/203.0.113.7/tcp/5866',
    '/ip4/203.0.113.7/tcp/22',
    '/ip4/203.0.113.7/tcp/5867/ws'
  ])
  const many = Array.from({ length: 50 }, (_, index) => `/ip4/10.0.0.1/tcp/${index + 1}`)
  expect(ownPlaces(seen, many)).toHaveLength(LIMITS.doctorDials.value)
  expect(ownPlaces([], announced)).toEqual([])
})

async function witness(remote: string) {
  const clock = new ManualClock()
  const { peer } = await testIdentity(1)
  const handlers = new Map<string, RequestHandler>()
  const probe = vi.fn(async ({ address }: ProbeInit): Promise<Probe> => ({
    address,
    code: 'refused',
    text: 'connection refused',
    steps: []
  }))
  const libp2p = {
    getConnections: () => [{ remoteAddr: remote }],
    peerStore: { get: async () => ({ addresses: [{ multiaddr: '/ip4/10.0.0.5/tcp/5866' }] }) },
    services: {}
  } as unknown as Network['libp2p']
  serveWitness({
    clock,
    network: { libp2p },
    sessions: {
      methods: { request: (method, handler) => void handlers.set(method, handler), stream: vi.fn() }
    },
    probe
  })
  const ask = async <T>(method: string, from = peer): Promise<T> => {
    const context = { peer: from, headers: {}, signal: NEVER, remainingMs: () => 1000 }
    const answer = await handlers.get(method)?.(new Uint8Array(), context)
    return JSON.parse(Buffer.from(answer ?? []).toString()) as T
  }
  return { ask, probe, clock }
}

test('a peer is told from where it is seen, and the time', async () => {
  const { ask, clock } = await witness('/ip4/203.0.113.7/tcp/1')
  expect(await ask<WitnessView>(VIEW_METHOD)).toEqual({
    v: 1,
    clock: clock.now(),
    seen: ['/ip4/203.0.113.7/tcp/1']
  })
})

test('who asks for a dial again within seconds is told the same, and nobody is dialled', async () => {
  const { ask, probe, clock } = await witness('/ip4/203.0.113.7/tcp/1')
  const first = await ask<WitnessDial>(DIAL_METHOD)
  expect(first).toEqual({
    v: 1,
    dialled: [{ address: '/ip4/203.0.113.7/tcp/5866', ok: false, text: 'connection refused' }]
  })
  expect(await ask<WitnessDial>(DIAL_METHOD)).toEqual(first)
  expect(probe).toHaveBeenCalledTimes(1)
  await clock.advance(LIMITS.doctorDialRate.value)
  await ask<WitnessDial>(DIAL_METHOD)
  expect(probe).toHaveBeenCalledTimes(2)
})

test('of this host’s loopback a peer learns only whether it led back', async () => {
  const { ask } = await witness('/ip4/127.0.0.1/tcp/1')
  const { dialled } = await ask<WitnessDial>(DIAL_METHOD)
  expect(dialled).toEqual([
    { address: '/ip4/127.0.0.1/tcp/5866', ok: false, text: 'does not lead back' }
  ])
})

test('nobody is dialled for a peer that comes by a relay', async () => {
  const { ask, probe } = await witness('/ip4/203.0.113.7/tcp/1/p2p/R/p2p-circuit')
  expect(await ask<WitnessDial>(DIAL_METHOD)).toEqual({ v: 1, dialled: [], reason: 'relayed' })
  expect(probe).not.toHaveBeenCalled()
})
