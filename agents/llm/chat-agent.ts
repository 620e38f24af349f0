/** The agent that a node offers as soon as it can use a model: somebody to talk to, with memory and tools. */
import type { Clock } from '../../core/clock.ts'
import type { Agent } from '../agent.ts'
import { llmAgent } from './llm-agent.ts'

export interface ChatAgentInit {
  /** Whether this node has shared memory, where conversations go on. */
  readonly memory: boolean
}

const INSTRUCTIONS =
  'You are a helpful assistant on a node of a Lumos swarm. Answer in the language of the user, shortly ' +
  'and truthfully. Use tools where they know better than you: for sums, times, files, the web, and what ' +
  'other agents of the swarm can do. When a tool fails or is not allowed, say so.'

/** Tools that change nothing, each behind the policy of the node; those that are not there are no loss. */
const TOOLS = [
  'calc*',
  'clock*',
  'delegate*',
  'agents_find*',
  'memory_read*',
  'memory_search*',
  'files_read*',
  'files_list*',
  'web_page*',
  'http_fetch*',
  'json_query*',
  'csv_query*'
]

export function createChatAgent(
  { clock }: { readonly clock: Clock },
  { memory }: ChatAgentInit
): Agent {
  return llmAgent(
    {
      id: 'chat',
      name: 'Chat',
      description: 'Talks with you, remembers the conversation, and uses the tools of its node.',
      skills: [
        {
          id: 'chat',
          name: 'Chat',
          description: 'Answers questions in a conversation that goes on.',
          tags: ['chat', 'conversation', 'llm'],
          examples: ['What is the time in Tokyo?', 'Sum up https://example.com']
        }
      ],
      instructions: INSTRUCTIONS,
      tools: TOOLS,
      memory
    },
    { clock }
  )
}
