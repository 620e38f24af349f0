/** Decides where this node may be sent by somebody else: a URL from a stranger must not become a way into its network. */
import { BlockList, isIP } from 'node:net'

/** Where requests may go, by URL and by address. Reasons name no part of the URL, which may hold secrets. */
export interface WebTargets {
  /** Why nothing may be sent to `url`, as far as that shows without asking a name server. */
  refusal(url: URL): string | undefined
  /** Why the host of `url` must not be connected to at `address`, one of its addresses. */
  addressRefusal(url: URL, address: string): string | undefined
}

type Family = 'ipv4' | 'ipv6'

/** Anything but the ports of HTTP below this one belongs to another protocol: mail, shells, files. */
const FIRST_FREE_PORT = 1024
const HTTP_PORTS: ReadonlySet<string> = new Set(['', '80', '443'])

/**
 * IANA's registries of special-purpose addresses (2026), as far as they lie in what is public
 * otherwise, and the one public address that is a cloud's own: Azure's host services.
 */
const SPECIAL = blockList([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20'
])

/**
 * The only IPv6 addresses given out for the Internet. What is not in it needs no list: loopback,
 * link-local, unique local, multicast, IPv4-mapped, and NAT64, behind which any IPv4 address may hide.
 */
const GLOBAL_UNICAST = blockList(['2000::/3'])

/** Whether `text` is a host name, an address or a network (`10.0.0.0/8`) to be allowed. */
export function isWebAllowance(text: string): boolean {
  return networkOf(text) !== undefined || hostOf(text) !== undefined
}

/**
 * Public addresses, and what `allow` names besides: hosts, whatever their addresses are, and
 * addresses and networks, whatever they are called.
 */
export function createWebTargets(allow: readonly string[] = []): WebTargets {
  const networks = blockList(allow.filter((entry) => networkOf(entry) !== undefined))
  const hosts = new Set(
    allow.flatMap((entry) => (networkOf(entry) === undefined ? (hostOf(entry) ?? []) : []))
  )

  function isAllowed(url: URL): boolean {
    const address = literalOf(url)
    return address === undefined ? hosts.has(nameOf(url)) : contains(networks, address)
  }

  function refusal(url: URL): string | undefined {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'it is not http or https'
    if (url.username !== '' || url.password !== '') return 'it carries credentials'
    if (isAllowed(url)) return undefined
    if (!HTTP_PORTS.has(url.port) && Number(url.port) < FIRST_FREE_PORT) {
      return 'its port belongs to another protocol than HTTP'
    }
    const address = literalOf(url)
    if (address !== undefined) return isPublic(address) ? undefined : NOT_PUBLIC
    return /(^|\.)localhost$/.test(nameOf(url)) ? NOT_PUBLIC : undefined
  }

  return {
    refusal,
    addressRefusal(url, address) {
      const reason = refusal(url)
      if (reason !== undefined) return reason
      if (isAllowed(url) || contains(networks, address) || isPublic(address)) return undefined
      return NOT_PUBLIC
    }
  }
}

const NOT_PUBLIC = 'its address is not public'

function isPublic(address: string): boolean {
  if (contains(SPECIAL, address)) return false
  return isIP(address) === 4 || contains(GLOBAL_UNICAST, address)
}

/** Never for what is no address, and for one with a zone, which only a link knows. */
function contains(list: BlockList, address: string): boolean {
  const family = familyOf(address)
  return family !== undefined && list.check(address, family)
}

function familyOf(address: string): Family | undefined {
  const version = address.includes('%') ? 0 : isIP(address)
  if (version === 0) return undefined
  return version === 4 ? 'ipv4' : 'ipv6'
}

interface Network {
  readonly address: string
  readonly family: Family
  readonly prefix: number
}

function networkOf(text: string): Network | undefined {
  const [address = '', bits, ...rest] = text.split('/')
  const family = familyOf(address)
  if (family === undefined || rest.length > 0) return undefined
  const most = family === 'ipv4' ? 32 : 128
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined
  const prefix = bits === undefined ? most : Number(bits)
  return prefix <= most ? { address, family, prefix } : undefined
}

function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const network = networkOf(entry)
    if (network !== undefined) list.addSubnet(network.address, network.prefix, network.family)
  }
  return list
}

/** A name in the form that URLs have it in; `undefined` for an address in disguise. */
function hostOf(text: string): string | undefined {
  if (!/^[^\s/:@?#[\]\\]+$/.test(text) || !URL.canParse(`http://${text}`)) return undefined
  const url = new URL(`http://${text}`)
  return literalOf(url) === undefined ? nameOf(url) : undefined
}

/** Without the dot that may end a name: `localhost.` is `localhost`. */
function nameOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, '')
}

/** The address that a URL names outright. URL has brought all its spellings (0x7f.1, 127.1) into one. */
function literalOf({ hostname }: URL): string | undefined {
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  return isIP(address) === 0 ? undefined : address
}
