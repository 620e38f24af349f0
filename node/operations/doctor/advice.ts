/** Says what a failed probe means, and the command that mends it: in one place, so that all checks say the same. */
import type { CheckState } from '../../../client/doctor-api.ts'
import type { Finding } from './examination.ts'
import type { Probe, ProbeCode } from './probe.ts'

/** The cause as programs see it: `silent` is a guess at the wire, `hung` what people call it. */
export function causeOf(code: ProbeCode): string {
  return code === 'silent' ? 'hung' : code
}

/**
 * The first of these that an address shows explains most: that a node has another key says more than that
 * its other address is refused.
 */
const BY_MEANING: readonly ProbeCode[] = [
  'other-swarm',
  'wrong-key',
  'denied',
  'silent',
  'relay-lapsed',
  'other-peer',
  'no-handshake',
  'relay-down',
  'not-lumos',
  'hung-up',
  'refused',
  'timeout',
  'no-route',
  'dns',
  'unreachable',
  'invalid',
  'self'
]

/** What stands for all of them; `undefined` when one was reached, or there are none. */
export function mainCause(probes: readonly Probe[]): Probe | undefined {
  if (probes.some(({ code }) => code === 'reached')) return undefined
  return probes.toSorted((a, b) => BY_MEANING.indexOf(a.code) - BY_MEANING.indexOf(b.code))[0]
}

/** `state`: of one that was not reached. */
export function probeFinding(probe: Probe, state: CheckState, who = 'the peer'): Finding {
  const { address, code, text, steps } = probe
  const tookMs = steps.reduce((sum, step) => sum + (step.tookMs ?? 0), 0)
  const shown = `${shortAddress(address)}: ${text}`
  if (code === 'reached') return { state: 'ok', text: shown, tried: steps, tookMs }
  return {
    state,
    text: shown,
    code: causeOf(code),
    hint: adviceFor(probe, who),
    tried: steps,
    tookMs
  }
}

export function shortAddress(address: string): string {
  return address.replace(/\/p2p\/(?=[^/]*$)(\w{4})\w+(\w{8})$/, '/p2p/$1…$2')
}

/** For who is in another swarm. */
export function joinAdvice(who: string): string {
  return `lumos join INVITE   (the invite is made on ${who} by: lumos invite)`
}

interface Place {
  /** Whose machine it is. */
  readonly who: string
  readonly port: number
  readonly host: string
}

const LOOK_THERE = ({ who }: Place): string => `on ${who}: lumos id; lumos logs --level warn`
const JOIN = ({ who }: Place): string => `${joinAdvice(who)}, or compare the swarms: lumos swarm ls`

/** Each begins with the command to type, or says where that is to be typed. */
const ADVICE: Readonly<Record<ProbeCode, (place: Place) => string>> = {
  'wrong-key': JOIN,
  'other-swarm': JOIN,
  denied: ({ who }) => `lumos peers unblock ${who}, or on a member of the swarm: lumos invite`,
  silent: ({ who }) => `on ${who}: lumos restart; what it did last tells: lumos logs`,
  refused: ({ who }) => `on ${who}: lumos up; where it listens tells: lumos id`,
  timeout: ({ who, port }) =>
    `on ${who}: sudo ufw allow ${port}/tcp   lets it through the firewall; is it on, and in this network?`,
  'no-route': ({ host }) =>
    `ip route get ${host}   tells why; is a VPN off? else by a relay: lumos restart --listen RELAY_ADDRESS/p2p-circuit`,
  dns: ({ host, port }) =>
    `getent hosts ${host}   tells what name servers say; else by number: lumos peers connect /ip4/ADDRESS/tcp/${port}`,
  'relay-lapsed': ({ who }) => `on ${who}: lumos restart   takes a place with the relay again`,
  'relay-down': () => 'on the relay: lumos config set network.relayService true; lumos restart',
  'other-peer': ({ who }) =>
    `lumos peers connect ADDRESS   with the present one (on ${who}: lumos id); an address may have gone to another node`,
  'not-lumos': ({ who }) => `on ${who}: lumos id   tells its addresses and ports`,
  'hung-up': ({ who }) => `on ${who}: lumos doctor; lumos logs --level warn`,
  self: () => 'lumos peers connect ADDRESS   with one of another node',
  invalid: LOOK_THERE,
  unreachable: LOOK_THERE,
  'no-handshake': LOOK_THERE,
  reached: LOOK_THERE
}

/** The usual one, where the address tells none. */
const USUAL_PORT = 5866

function adviceFor({ code, port = USUAL_PORT, address }: Probe, who: string): string {
  return ADVICE[code]({ who, port, host: hostOf(address) })
}

function hostOf(address: string): string {
  return address.split('/')[2] ?? address
}
