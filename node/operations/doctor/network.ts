/** Where this node listens, whether others can reach it there, and by which relays. */
import { networkInterfaces } from 'node:os'
import type { Attempt, Check } from '../../../client/doctor-api.ts'
import { portHolder } from '../../../core/port-holder.ts'
import { isLoopback } from '../../../discovery/peers/hint.ts'
import type { Session } from '../../../protocols/session/session.ts'
import { DEFAULT_LISTEN } from '../../config/schema.ts'
import { relayPlaces, wantedRelays } from '../../libp2p/relays.ts'
import { checked, unlessLate } from './examination.ts'
import type { Examination, Finding } from './examination.ts'
import type { DoctorParts } from './parts.ts'
import { isRelayed } from './probe.ts'
import { askDial, askView } from './witness.ts'

const AREA = 'Listening'
/** How many peers dial back: more would tell no more. */
const WITNESSES = 3

export function networkLooks(parts: DoctorParts): Examination[] {
  return [
    { area: AREA, name: 'addresses', look: () => listening(parts) },
    { area: AREA, name: 'reachable', look: (signal) => reachable(parts, signal) },
    { area: AREA, name: 'relays', look: (signal) => relays(parts, signal) }
  ]
}

async function listening({ assembly }: DoctorParts): Promise<Check[]> {
  const addresses = assembly.wire.network.addresses()
  const places = addresses.map((address) => address.replace(/\/p2p\/[^/]+$/, ''))
  if (places.length === 0) {
    const text = 'this node listens nowhere'
    const hint = 'lumos restart --listen /ip4/0.0.0.0/tcp/0'
    return [checked(AREA, 'addresses', { state: 'critical', code: 'no-address', text, hint })]
  }
  const taken = await takenPorts(assembly.init.config.listen, places)
  if (taken === undefined)
    return [checked(AREA, 'addresses', { state: 'ok', text: places.join(', ') })]
  return [checked(AREA, 'addresses', taken)]
}

/** The usual ports give way to free ones when they are taken: whoever let them through the firewall wonders. */
async function takenPorts(
  wanted: readonly string[],
  places: readonly string[]
): Promise<Finding | undefined> {
  if (wanted.join() !== DEFAULT_LISTEN.join()) return undefined
  const given = wanted.map(portOf).filter((port) => !places.map(portOf).includes(port))
  const [port] = given
  if (port === undefined) return undefined
  const holder = await portHolder(port)
  const instead = `this node listens elsewhere: ${places.join(', ')}`
  if (holder === undefined) {
    return { state: 'ok', text: `TCP port ${port} was taken at the start; ${instead}` }
  }
  const { pid, program } = holder
  const who = pid === undefined ? 'another user' : `${program} (pid ${pid})`
  const text = `TCP port ${port} is taken by ${who}; ${instead}`
  return { state: 'warning', code: 'port-taken', text, hint: hintFor(pid) }
}

function hintFor(pid: number | undefined): string {
  const free = pid === undefined ? 'sudo ss -ltnp' : `kill ${pid}`
  return `${free}; lumos restart   or keep the port that it has now: lumos restart --listen /ip4/0.0.0.0/tcp/PORT`
}

function portOf(address: string): number | undefined {
  const port = /\/tcp\/(\d+)/.exec(address)?.[1]
  return port === undefined ? undefined : Number(port)
}

/** Others know it best: those who are elsewhere first, as a way on this host proves little. */
function witnesses({ assembly }: DoctorParts): Session[] {
  const { sessions, network } = assembly.wire
  const away = (session: Session): boolean =>
    network.libp2p
      .getConnections()
      .some(
        ({ remotePeer, remoteAddr }) =>
          remotePeer.toString() === session.peer && !isLoopback(String(remoteAddr))
      )
  return sessions
    .all()
    .toSorted((a, b) => Number(away(b)) - Number(away(a)))
    .slice(0, WITNESSES)
}

async function reachable(parts: DoctorParts, signal: AbortSignal): Promise<Check[]> {
  const asked = witnesses(parts)
  if (asked.length === 0) return []
  const answers = await Promise.all(
    asked.map(async (session) => {
      const [view, dial] = await Promise.all([
        unlessLate(askView(session, signal), signal),
        unlessLate(askDial(session, signal), signal)
      ])
      return { name: session.hello.name, seen: view?.seen ?? [], dial }
    })
  )
  const dialled = answers.filter(({ dial }) => (dial?.dialled.length ?? 0) > 0)
  const tried = dialled.flatMap(({ name, dial }) =>
    (dial?.dialled ?? []).map(({ address, ok, text }): Attempt => ({
      step: address,
      ok,
      text: `${name}: ${text}`
    }))
  )
  const seen = [...new Set(answers.flatMap(({ seen: from }) => from.map(hostOf)))]
  const outside = natText(seen)
  if (dialled.length === 0) {
    const text = `no peer could try to dial back${outside}`
    return [checked(AREA, 'reachable', { state: 'ok', text })]
  }
  const through = dialled.filter(({ dial }) => dial?.dialled.some(({ ok }) => ok)).length
  const count = `${through} of ${dialled.length} peers dialled this node back`
  if (through > 0)
    return [checked(AREA, 'reachable', { state: 'ok', text: count + outside, tried })]
  const ports = [...new Set(parts.assembly.wire.network.addresses().map(portOf))].filter(
    (port) => port !== undefined
  )
  return [
    checked(AREA, 'reachable', {
      state: 'warning',
      code: 'not-reachable',
      text: `nothing is reachable from outside: ${dialled.length} of ${dialled.length} peers could not dial back${outside}`,
      hint: `sudo ufw allow ${ports[0] ?? 5866}/tcp   and forward the port on the router; or use a relay: lumos restart --listen RELAY_ADDRESS/p2p-circuit`,
      tried
    })
  ]
}

/** Behind NAT others see another address than those of this host's interfaces. */
function natText(seen: readonly string[]): string {
  const own = new Set(
    Object.values(networkInterfaces()).flatMap(
      (cards) => cards?.map(({ address }) => address) ?? []
    )
  )
  const foreign = seen.filter((host) => host !== '' && !own.has(host))
  if (seen.length === 0) return ''
  return foreign.length === 0
    ? `; seen at ${seen.join(', ')}, no NAT between`
    : `; behind NAT: peers see it at ${foreign.join(', ')}`
}

function hostOf(address: string): string {
  return address.split('/')[2] ?? ''
}

/** A place with a relay ends with the connection to it, and libp2p takes a configured one only once. */
async function relays(parts: DoctorParts, signal: AbortSignal): Promise<Check[]> {
  const { assembly, clock } = parts
  const { network, sessions } = assembly.wire
  const { listen, announce } = assembly.init.config
  const places = new Map(relayPlaces(network).map((place) => [place.relay, place]))
  const wanted = wantedRelays([...listen, ...announce, ...network.addresses().filter(isRelayed)])
  const names = [...new Set([...wanted, ...places.keys()])]
  return Promise.all(
    names.map(async (relay) => {
      const who = parts.nameOf(relay) || `…${relay.slice(-8)}`
      const place = places.get(relay)
      const session = sessions.get(relay)
      const hint = `lumos restart   takes a place again; is it a relay? there: lumos config set network.relayService true`
      const lapsed = (text: string): Check =>
        checked(AREA, 'relays', { state: 'critical', code: 'relay-lapsed', text, hint })
      if (place === undefined) {
        const why = session === undefined ? `, which is not connected` : ''
        return lapsed(
          `the place with the relay ${who}${why} has lapsed: nobody comes by it any more, whatever was announced`
        )
      }
      const view = session && (await unlessLate(askView(session, signal), signal))
      if (view?.reserved === false) {
        return lapsed(
          `the relay ${who} has no place for this node any more, which believes it is reachable there`
        )
      }
      const left = Math.round((place.expiresAt - clock.now()) / 60_000)
      if (left < 0) return lapsed(`the place with the relay ${who} ended ${-left} min ago`)
      return checked(AREA, 'relays', {
        state: 'ok',
        text: `relay ${who} keeps a place for ${left} min`
      })
    })
  )
}
