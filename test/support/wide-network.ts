/** A network for one test or bench: hosts in namespaces on a switch that delays, loses and cuts, some of them behind routers with NAT. */
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { whyNoLossyCable } from './lossy-cable.ts'
import { ip, sweepNamespaces } from './network-namespaces.ts'
import { startTapSwitch } from './tap-switch.ts'

/** How frames fare on a way; what is not named stays as it was. */
export interface WayConditions {
  /** Seconds, one way. */
  readonly delay?: number
  /** Seconds, more or less. */
  readonly jitter?: number
  /** Share of the frames. */
  readonly loss?: number
  readonly cut?: boolean
  /** Bits per second of the line of the port `from`; 0 without bound. */
  readonly rate?: number
}

/** Ports of the switch; without one, all of them. */
export interface Way {
  readonly from?: number
  readonly to?: number
}

export interface WideHost {
  readonly namespace: string
  /** In its own network. */
  readonly address: string
  /** Of the switch: its own, or its router's. */
  readonly port: number
}

export interface WideNetwork {
  /** On the switch itself. */
  readonly hosts: readonly WideHost[]
  /** Each behind a router of its own, which lets nobody in who was not asked for. */
  readonly hidden: readonly WideHost[]
  /** Resolves to the number of frames lost so far. */
  set(conditions: WayConditions, way?: Way): Promise<number>
  remove(): Promise<void>
}

export interface WideNetworkInit {
  readonly seed: number
  /** Addresses as of a local network; without it they look public, so that what is meant for those is tried. */
  readonly isLocal?: boolean
  readonly hosts: number
  readonly hidden?: number
}

const run = promisify(execFile)
const PREFIX = 'lumos-test'
/** Nothing of it leaves the namespaces. */
const LOCAL = '10.77.0'
const PUBLIC = '31.77.0'
/** Nobody has it: what is sent beyond the network vanishes, as it does on the way to other people's private addresses. */
const NOWHERE = { host: 254, mac: '02:00:00:00:00:fe' }
/** The same behind all routers, as at home. */
const PRIVATE = '192.168.1'
let networks = 0

const NAT = `
table ip home {
  chain out { type nat hook postrouting priority 100; oifname "eth0" masquerade; }
  chain in {
    type filter hook forward priority 0;
    iifname "eth0" ct state established,related accept
    iifname "eth0" drop
  }
}`

/** Why there can be no such network here, with hidden hosts or without; `undefined` when there can. */
export function whyNoWideNetwork(hidden = 0): string | undefined {
  const reason = whyNoLossyCable()
  if (reason !== undefined || hidden === 0) return reason
  try {
    execFileSync('nft', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return '`nft` is missing (apt-get install nftables)'
  }
}

/** The same seed loses frames by the same dice. */
export async function layWideNetwork(init: WideNetworkInit): Promise<WideNetwork> {
  await sweepNamespaces()
  networks += 1
  const name = `${PREFIX}-${process.pid}-w${networks}`
  const ports = init.hosts + (init.hidden ?? 0)
  // The kernel takes 15 characters for the name of a device.
  const taps = Array.from({ length: ports }, (_, port) => `lw${process.pid}n${networks}p${port}`)
  const tapSwitch = await startTapSwitch(init.seed, taps)
  const namespaces: string[] = []
  async function remove(): Promise<void> {
    await tapSwitch.stop()
    for (const namespace of namespaces) {
      // What still starts there is in nobody's hands yet.
      const pids = await ip('netns', 'pids', namespace).catch(() => '')
      for (const pid of pids.split('\n').filter(Boolean)) end(Number(pid))
      await ip('netns', 'delete', namespace).catch(() => undefined)
    }
  }
  async function add(namespace: string): Promise<void> {
    namespaces.push(namespace)
    await ip('netns', 'add', namespace)
    await ip('-n', namespace, 'link', 'set', 'lo', 'up')
  }
  try {
    const hosts: WideHost[] = []
    const hidden: WideHost[] = []
    for (const [port, tap] of taps.entries()) {
      const namespace = `${name}-${port}`
      await add(namespace)
      const address = await plugIn(namespace, tap, `${init.isLocal ? LOCAL : PUBLIC}.${port + 1}`)
      if (port < init.hosts) hosts.push({ namespace, address, port })
      else {
        const inner = `${name}-${port}i`
        await add(inner)
        hidden.push({ namespace: inner, address: await hide(namespace, inner), port })
      }
    }
    return {
      hosts,
      hidden,
      set: (conditions, way = {}) => tapSwitch.set({ ...conditions, ...way }),
      remove
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function plugIn(namespace: string, tap: string, address: string): Promise<string> {
  const gateway = address.replace(/\d+$/, String(NOWHERE.host))
  await ip('link', 'set', tap, 'netns', namespace, 'name', 'eth0')
  await ip('-n', namespace, 'address', 'add', `${address}/24`, 'brd', '+', 'dev', 'eth0')
  await ip('-n', namespace, 'link', 'set', 'eth0', 'up')
  const nowhere = [gateway, 'lladdr', NOWHERE.mac, 'dev', 'eth0']
  await ip('-n', namespace, 'neighbour', 'add', ...nowhere)
  await ip('-n', namespace, 'route', 'add', 'default', 'via', gateway)
  await ip('-n', namespace, 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
  return address
}

/** Makes a router of `router`, and puts `inner` behind it. */
async function hide(router: string, inner: string): Promise<string> {
  const ends = ['home', 'netns', router, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', inner]
  await ip('link', 'add', ...ends)
  await ip('-n', router, 'address', 'add', `${PRIVATE}.1/24`, 'dev', 'home')
  await ip('-n', router, 'link', 'set', 'home', 'up')
  const address = `${PRIVATE}.2`
  await ip('-n', inner, 'address', 'add', `${address}/24`, 'brd', '+', 'dev', 'eth0')
  await ip('-n', inner, 'link', 'set', 'eth0', 'up')
  await ip('-n', inner, 'route', 'add', 'default', 'via', `${PRIVATE}.1`)
  await ip('netns', 'exec', router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
  await run('ip', ['netns', 'exec', router, 'nft', NAT])
  return address
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
