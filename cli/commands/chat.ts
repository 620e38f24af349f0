/** `lumos chat`: talk to an agent; for scripts a filter from lines to answers. */
import { LumosError } from '../../core/errors.ts'
import { createIdSource } from '../../core/ids.ts'
import { systemRandom } from '../../core/random.ts'
import type { Client } from '../../client/calls.ts'
import type { Cli } from '../cli.ts'
import { Conversation, renderAgents } from '../conversation.ts'
import type { LumosCommand } from '../lumos-command.ts'

/** The agent that a node has as soon as it has a model. */
const DEFAULT_AGENT = 'chat'

interface ChatFlags {
  readonly thread?: string
  readonly to?: string
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('[agent]', 'agent, skill, or agent@node; without it the agent "chat"')
    .option('--thread <id>', 'go on with this conversation, also one that began on another node')
    .option('--to <node>', 'only this node answers: name, PeerId or a unique beginning of it')
    .example('lumos chat', 'with the model of this node, or of a peer')
    .example('lumos chat researcher', 'with an agent of your own')
    .example('echo "What is new?" | lumos chat > answer.txt', 'a line in, an answer out')
    .action(async (agent: string | undefined, { thread, to }: ChatFlags) => {
      const client = cli.client()
      const target = agent ?? (await defaultAgent(client, cli))
      const reader = await cli.terminal.input.openLines()
      const ids = createIdSource(cli.clock, systemRandom)
      try {
        await new Conversation({ cli, client, reader, ids }, { target, to, thread }).hold()
      } finally {
        reader.close()
      }
    })
}

/** @throws CHAT_NOBODY, after telling whom one could talk to */
async function defaultAgent(client: Client, cli: Cli): Promise<string> {
  const { agents } = await client.agents(cli.call())
  if (agents.some(({ id }) => id === DEFAULT_AGENT)) return DEFAULT_AGENT
  if (!cli.flags.json && !cli.flags.quiet) cli.terminal.err.write(`${renderAgents(agents, cli)}\n`)
  throw new LumosError('CHAT_NOBODY', { details: { looked: `${agents.length} agents known here` } })
}
