/** `lumos __complete KIND`: names for the completion scripts, one a line; silent when it cannot. */
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CallOptions, Client } from '../../client/calls.ts'
import { ERRORS } from '../../core/error-table.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Cli } from '../cli.ts'
import { CHOICES, LIVE, type WordKind } from '../live-words.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { settingNames } from './explain.ts'

/** A key press must never hang. */
const ANSWER_TIMEOUT_MS = 1000
const LATEST_TASKS = 20
/** Skill ids are the words of peers, and bash carries out `$(…)` in the list it completes from. */
const HARMLESS = /^[\p{L}\p{N}_][\p{L}\p{N}_.@:/+=-]*$/u

export function define(command: LumosCommand, cli: Cli): void {
  command.argument('<kind>').action(async (kind: string) => {
    const found = await words(kind, cli).catch(() => [])
    const harmless = found.filter((each) => HARMLESS.test(each))
    for (const word of new Set(harmless)) cli.print(word)
  })
}

async function words(kind: string, cli: Cli): Promise<readonly string[]> {
  const choices = Object.entries(CHOICES).find(([name]) => name === kind)?.[1]
  if (choices !== undefined) return choices
  const live = LIVE.find((name) => name === kind)
  if (live === undefined) return []
  const options = { signal: cli.signal, timeoutMs: ANSWER_TIMEOUT_MS }
  return WORDS[live](cli.client(), options, cli)
}

type Ask = (client: Client, options: CallOptions, cli: Cli) => Promise<readonly string[]>

async function componentsOf(client: Client, options: CallOptions): Promise<readonly string[]> {
  return (await client.logLevels.show(options)).known
}

async function grantsOf(client: Client, options: CallOptions): Promise<readonly string[]> {
  const { given, held } = await client.grants.list(options)
  return [...given, ...held].map(({ id }) => id)
}

const WORDS: Readonly<Record<Exclude<WordKind, keyof typeof CHOICES>, Ask>> = {
  peers: async (client, options) => (await client.peers(options)).peers.map(({ name }) => name),
  agents: async (client, options) => {
    const { agents } = await client.agents(options)
    return agents.flatMap(({ id, skills }) => [id, ...skills.map((skill) => skill.id)])
  },
  agentIds: async (client, options) => (await client.agents(options)).agents.map(({ id }) => id),
  skills: async (client, options) => {
    const { agents } = await client.agents(options)
    return agents.flatMap(({ skills }) => skills.map(({ id }) => id))
  },
  tasks: async (client, options) =>
    (await client.tasks({ limit: LATEST_TASKS }, options)).tasks.map(({ id }) => id),
  keys: async (client, options) =>
    (await client.memory.list('shared', {}, options)).facts.map(({ key }) => key),
  tools: async (client, options) => (await client.tools.list(options)).tools.map(({ id }) => id),
  spaces: async (client, options) =>
    (await client.spaces.list(options)).spaces.map(({ name }) => name),
  forgottenSpaces: async (client, options) =>
    (await client.spaces.list(options)).forgotten.map(({ name }) => name),
  models: async (client, options) =>
    (await client.models.list(options)).providers.flatMap(({ models }) =>
      models.map(({ ref }) => ref)
    ),
  providers: async (client, options) =>
    (await client.models.list(options)).providers.map(({ name }) => name),
  hosts: async (client, options) =>
    (await client.hosts.list(options)).hosts.map(({ name }) => name),
  servers: async (client, options) =>
    (await client.mcp.servers(options)).servers.map(({ name }) => name),
  members: async (client, options) =>
    (await client.swarm.show(options)).members.map(({ name, id }) => (name === '' ? id : name)),
  swarms: async (client, options) => [(await client.status(options)).swarm],
  tokens: async (client, options) => (await client.auth.tokens(options)).tokens.map(({ id }) => id),
  grants: grantsOf,
  invites: async (client, options) =>
    (await client.swarm.show(options)).invites.map(({ id }) => id),
  profiles: (_client, _options, cli) => profiles(cli),
  settings: (_client, _options, cli) => settingNames(cli),
  components: componentsOf,
  partLevels: async (client, options) => [
    ...CHOICES.levels,
    ...(await componentsOf(client, options)).flatMap((name) => [`${name}=debug`, `${name}=default`])
  ],
  conditions: async (client, options) => {
    const { agents } = await client.agents(options)
    const found = agents.map(({ id }) => `agent=${id}`)
    return ['ready', 'peers=1', ...found]
  },
  words: async (_client, _options, cli) => [
    ...Object.keys(ERRORS),
    ...Object.keys(LIMITS),
    ...(await settingNames(cli))
  ]
}

/** Each has a folder of its own: beside that of `default`, or within it (core/paths.ts). */
async function profiles(cli: Cli): Promise<readonly string[]> {
  const { config, profile } = cli.paths()
  const home = cli.env()['LUMOS_HOME']
  const inHome = profile === 'default' ? join(config, 'profiles') : dirname(config)
  const folders = await readdir(home ? inHome : dirname(config), { withFileTypes: true })
  const names = folders.filter((each) => each.isDirectory()).map(({ name }) => name)
  return ['default', ...names]
}
