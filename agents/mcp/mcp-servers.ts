/** The MCP servers of a node: those of the configuration, and those that were added while it runs. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { McpServerInit } from '../../core/mcp-server.ts'
import type { Random } from '../../core/random.ts'
import type { Agent } from '../agent.ts'
import type { Tool } from '../tools/tool.ts'
import { createMcpAgent } from './mcp-agent.ts'
import { createMcpTools } from './mcp-tools.ts'
import { EMPTY_LISTING } from './listing.ts'
import type { McpListing } from './listing.ts'
import type { McpOpener } from './open-link.ts'
import { comparePins, withPins } from './pins.ts'
import type { McpPins, PinnedListing } from './pins.ts'
import { createSupervisedServer } from './supervised-server.ts'
import type { SupervisedServer } from './supervised-server.ts'

/** What outlives the process. */
export interface McpSaved {
  /** Those that were added while the node ran. */
  readonly servers: Readonly<Record<string, McpServerInit>>
  /** By server. */
  readonly pins: Readonly<Record<string, McpPins>>
}

export interface McpServersComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly createOpener: (logger: Logger, server: McpServerInit) => McpOpener
  /** Replaces the tools of one server. */
  readonly assignTools: (name: string, tools: readonly Tool[]) => void
  /** Replaces the agent of one server. */
  readonly assignAgents: (name: string, agents: readonly Agent[]) => Promise<void>
  readonly save: (saved: McpSaved) => Promise<void>
}

export interface McpServersInit {
  readonly configured: Readonly<Record<string, McpServerInit>>
  readonly saved: McpSaved
}

/** One server, as others look at it. */
export interface McpServer {
  readonly name: string
  readonly init: McpServerInit
  /** It stands in the configuration. */
  readonly fixed: boolean
  readonly supervised: SupervisedServer
  readonly pinned: () => PinnedListing
  readonly tools: () => readonly Tool[]
}

export interface McpServers extends Component {
  /** By name. */
  list(): readonly McpServer[]
  /** @throws MCP_SERVER_UNKNOWN */
  get(name: string): McpServer
  /**
   * Resolves when it is kept; it is connected to later.
   *
   * @throws MCP_SERVER_EXISTS, MCP_SERVERS_FULL
   */
  add(name: string, init: McpServerInit): Promise<McpServer>
  /** @throws MCP_SERVER_UNKNOWN, MCP_SERVER_FIXED */
  remove(name: string): Promise<void>
  /** Takes the server's tools as they describe themselves now. */
  approve(name: string): Promise<void>
}

interface Member extends McpServer {
  /** Hands out what may be offered now. */
  readonly publish: () => void
}

export function createMcpServers(
  components: McpServersComponents,
  init: McpServersInit
): McpServers {
  return new Servers(components, init)
}

class Servers implements McpServers {
  readonly #components: McpServersComponents
  readonly #configured: McpServersInit['configured']
  readonly #members = new Map<string, Member>()
  #saved: McpSaved
  #saving: Promise<void> = Promise.resolve()
  #running = false

  constructor(components: McpServersComponents, { configured, saved }: McpServersInit) {
    this.#components = components
    this.#configured = configured
    this.#saved = saved
    for (const [name, init] of Object.entries({ ...saved.servers, ...configured })) {
      this.#members.set(name, this.#createMember(name, init))
    }
  }

  list(): readonly McpServer[] {
    return [...this.#members.values()].toSorted((a, b) => a.name.localeCompare(b.name))
  }

  get(name: string): Member {
    const member = this.#members.get(name)
    if (member !== undefined) return member
    throw new LumosError('MCP_SERVER_UNKNOWN', { details: { server: name } })
  }

  async add(name: string, init: McpServerInit): Promise<McpServer> {
    if (this.#members.has(name)) {
      throw new LumosError('MCP_SERVER_EXISTS', { details: { server: name } })
    }
    const limit = LIMITS.mcpServers.value
    if (this.#members.size >= limit) {
      throw new LumosError('MCP_SERVERS_FULL', { details: { limit } })
    }
    const member = this.#createMember(name, init)
    this.#members.set(name, member)
    const { servers, pins } = this.#saved
    try {
      await this.#save({ servers: { ...servers, [name]: init }, pins })
    } catch (error) {
      this.#forget(name)
      throw error
    }
    const isThere = this.#members.get(name) === member
    if (this.#running && isThere) await member.supervised.start()
    return member
  }

  async remove(name: string): Promise<void> {
    const { fixed, supervised } = this.get(name)
    if (fixed) throw new LumosError('MCP_SERVER_FIXED', { details: { server: name } })
    this.#forget(name)
    await Promise.all([this.#save(this.#saved), supervised.stop()])
  }

  async approve(name: string): Promise<void> {
    const { supervised, publish } = this.get(name)
    const before = this.#saved.pins[name] ?? NO_PINS
    await this.#savePins(name, withPins(before, supervised.listing().tools))
    publish()
  }

  async start(): Promise<void> {
    this.#running = true
    for (const { supervised } of this.#members.values()) await supervised.start()
  }

  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.list().map(({ supervised }) => supervised.stop()))
    await this.#saving.catch(() => {})
  }

  #createMember(name: string, init: McpServerInit): Member {
    const fixed = Object.hasOwn(this.#configured, name)
    const pins = {
      get: () => this.#saved.pins[name] ?? NO_PINS,
      set: (next: McpPins) => {
        // Removed meanwhile.
        if (!this.#members.has(name)) return
        this.#savePins(name, next).catch((error: unknown) =>
          this.#components.logger.error('what was approved is not kept', { server: name, error })
        )
      }
    }
    return createMember(this.#components, { name, init, fixed, pins })
  }

  #savePins(name: string, next: McpPins): Promise<void> {
    const { servers, pins } = this.#saved
    return this.#save({ servers, pins: { ...pins, [name]: next } })
  }

  #forget(name: string): void {
    this.#members.delete(name)
    const { servers, pins } = this.#saved
    this.#saved = { servers: without(servers, name), pins: without(pins, name) }
  }

  /** One after the other, so that the last word is what stays. */
  #save(saved: McpSaved): Promise<void> {
    this.#saved = saved
    this.#saving = this.#saving.catch(() => {}).then(() => this.#components.save(this.#saved))
    return this.#saving
  }
}

const NO_PINS: McpPins = {}

interface MemberInit {
  readonly name: string
  readonly init: McpServerInit
  readonly fixed: boolean
  readonly pins: { readonly get: () => McpPins; readonly set: (pins: McpPins) => void }
}

function createMember(
  components: McpServersComponents,
  { name, init, fixed, pins }: MemberInit
): Member {
  const { assignTools, assignAgents, createOpener } = components
  const logger = components.logger.child(name)
  const supervised = createSupervisedServer(
    { ...components, logger, open: createOpener(logger, init) },
    { name, isProcess: !('url' in init) }
  )
  let published: McpListing = EMPTY_LISTING
  let tools: readonly Tool[] = []
  let assigning: Promise<void> = Promise.resolve()
  const pinned = (): PinnedListing => comparePins(supervised.listing().tools, pins.get())

  function publish(): void {
    const listing = supervised.listing()
    published = listing
    const compared = pinned()
    if (compared.pins !== pins.get()) pins.set(compared.pins)
    for (const { name: tool } of compared.changed) {
      logger.warn('a tool is not what was approved, and is held back', { tool })
    }
    const { offered } = compared
    const offer = { name, server: init, listing: { ...listing, tools: offered } }
    tools = createMcpTools({ supervised, logger }, offer)
    const refused = (error: unknown): void =>
      logger.error('what the server offers cannot be used', { error })
    try {
      assignTools(name, tools)
    } catch (error) {
      refused(error)
    }
    if (init.agent !== true) return
    const timeoutMs = init.callTimeoutMs ?? LIMITS.mcpCall.value
    const agent = createMcpAgent({ supervised }, { name, tools: offered, timeoutMs })
    assigning = assigning
      .then(() => assignAgents(name, agent === undefined ? [] : [agent]))
      .catch(refused)
  }

  supervised.events.on('changed', () => {
    if (supervised.listing() !== published) publish()
  })
  return { name, init, fixed, supervised, pinned, tools: () => tools, publish }
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([each]) => each !== name))
}
