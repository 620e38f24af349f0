/** `lumos __complete KIND`: names for the completion scripts, one a line; silent when it cannot. */
import type { Cli } from '../cli.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { ERRORS } from '../../core/error-table.ts'

/** A key press must never hang. */
const ANSWER_TIMEOUT_MS = 1000
const LATEST_TASKS = 20
/** Skill ids are the words of peers, and bash carries out `$(…)` in the list it completes from. */
const HARMLESS = /^[\p{L}\p{N}_][\p{L}\p{N}_.@:/+-]*$/u

export function define(command: LumosCommand, cli: Cli): void {
  command.argument('<kind>').action(async (kind: string) => {
    const found = await words(kind, cli).catch(() => [])
    for (const word of found.filter((each) => HARMLESS.test(each))) cli.print(word)
  })
}

async function words(kind: string, cli: Cli): Promise<string[]> {
  const client = cli.client()
  const options = { signal: cli.signal, timeoutMs: ANSWER_TIMEOUT_MS }
  switch (kind) {
    case 'peers':
      return (await client.peers(options)).peers.map(({ name }) => name)
    case 'agents': {
      const { agents } = await client.agents(options)
      const names = agents.flatMap(({ id, skills }) => [id, ...skills.map((skill) => skill.id)])
      return Array.from(new Set(names))
    }
    case 'tasks':
      return (await client.tasks({ limit: LATEST_TASKS }, options)).tasks.map(({ id }) => id)
    case 'keys':
      return (await client.memory.list('shared', {}, options)).facts.map(({ key }) => key)
    case 'tools': {
      const { tools } = await client.tools.list(options)
      return Array.from(new Set(tools.map(({ id }) => id)))
    }
    case 'spaces':
      return (await client.spaces.list(options)).spaces.map(({ name }) => name)
    case 'codes':
      return Object.keys(ERRORS)
    default:
      return []
  }
}
