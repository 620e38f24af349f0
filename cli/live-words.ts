/** What completes which argument and which flag: names that only the node knows, or the few words that fit. */
import { ENSEMBLE_TAKES } from '../core/ensemble.ts'
import { API_SCOPES, GRANT_ACTIONS } from '../core/grant-words.ts'
import { LOG_LEVELS } from '../core/log-filter.ts'
import { PRIORITIES } from '../core/priority.ts'
import { ROUTE_POLICIES } from '../core/route-choice.ts'

/** Words that stand nowhere but in the program. */
export const CHOICES = {
  levels: LOG_LEVELS,
  policies: ROUTE_POLICIES,
  priorities: PRIORITIES,
  takes: ENSEMBLE_TAKES,
  actions: GRANT_ACTIONS,
  scopes: API_SCOPES,
  roles: ['admin', 'member', 'worker', 'client', 'relay'],
  states: [
    'submitted',
    'working',
    'completed',
    'failed',
    'canceled',
    'rejected',
    'input-required',
    'auth-required'
  ],
  shells: ['bash', 'zsh', 'fish'],
  templates: ['agent', 'mastra', 'mcp', 'swarm', 'tool'],
  effects: ['none', 'read-private', 'network', 'write', 'execute'],
  callers: ['self', 'peers', 'any'],
  modes: ['open', 'members', 'owner-only'],
  forms: ['text', 'json'],
  logFormats: ['pretty', 'json'],
  graphs: ['ascii', 'dot', 'mermaid', 'json'],
  panes: ['peers', 'tasks', 'agents', 'memory', 'logs'],
  places: ['node', 'swarm']
} as const satisfies Readonly<Record<string, readonly string[]>>

/** Asked of the node, or looked up, by `lumos __complete`. */
export const LIVE = [
  'peers',
  'agents',
  'agentIds',
  'skills',
  'tasks',
  'keys',
  'tools',
  'spaces',
  'forgottenSpaces',
  'models',
  'providers',
  'hosts',
  'servers',
  'members',
  'swarms',
  'tokens',
  'grants',
  'invites',
  'profiles',
  'settings',
  'components',
  'partLevels',
  'conditions',
  'words'
] as const

export type WordKind = (typeof LIVE)[number] | keyof typeof CHOICES

/** By what an argument is called; where that is not enough, by its command, too. */
const ARGUMENTS: Readonly<Record<string, WordKind>> = {
  'run agent': 'agents',
  'find query': 'agents',
  'route explain agent': 'agents',
  'logs level levels': 'partLevels',
  'tasks id': 'tasks',
  'host name': 'hosts',
  'mcp name': 'servers',
  'model provider': 'providers',
  'swarm role role': 'roles',
  'swarm leave name': 'swarms',
  'grant create node': 'peers',
  'grant grant': 'grants',
  'grant revoke id': 'grants',
  'invite revoke id': 'invites',
  'auth token token': 'tokens',
  'peers connect address': 'peers',
  'memory key': 'keys',
  'memory prefix': 'keys',
  'config key': 'settings',
  'explain word': 'words',
  'completion shell': 'shells',
  'spaces node': 'peers',
  'spaces join space': 'forgottenSpaces',
  agent: 'agentIds',
  tool: 'tools',
  model: 'models',
  models: 'models',
  space: 'spaces',
  peer: 'peers',
  member: 'members'
}

const FLAGS: Readonly<Record<string, WordKind>> = {
  '--profile': 'profiles',
  '--to': 'peers',
  '--node': 'peers',
  '--peer': 'peers',
  '--space': 'spaces',
  '--component': 'components',
  '--level': 'levels',
  '--log-level': 'levels',
  '--log-format': 'logFormats',
  '--task': 'tasks',
  '--judge': 'agentIds',
  '--skill': 'skills',
  '--swarm': 'swarms',
  '--policy': 'policies',
  '--priority': 'priorities',
  '--take': 'takes',
  '--state': 'states',
  '--template': 'templates',
  '--effect': 'effects',
  '--effects': 'effects',
  '--mode': 'modes',
  '--as': 'forms',
  '--can': 'actions',
  '--scope': 'scopes',
  '--with': 'places',
  '--format': 'graphs',
  '--pane': 'panes',
  'invite create --role': 'roles',
  'tools --for': 'callers',
  'wait --for': 'conditions'
}

/** `path` of the command, `name` of the argument without its brackets. */
export function kindOfArgument(path: string, name: string): WordKind | undefined {
  return closest(ARGUMENTS, path, name)
}

/** `long` with its dashes. */
export function kindOfFlag(path: string, long: string): WordKind | undefined {
  return closest(FLAGS, path, long)
}

/** Said of the command itself, of the one above it, or of all that have it. */
function closest(
  table: Readonly<Record<string, WordKind>>,
  path: string,
  name: string
): WordKind | undefined {
  const words = path.split(' ')
  const keys = words.map((_, index) => [...words.slice(0, words.length - index), name].join(' '))
  const key = [...keys, name].find((each) => Object.hasOwn(table, each))
  return key === undefined ? undefined : table[key]
}
