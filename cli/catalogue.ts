/** All commands with one line each; the rest of a command is loaded when it is wanted. */
import type { Cli } from './cli.ts'
import type { LumosCommand } from './lumos-command.ts'

interface CommandModule {
  /** Adds arguments, flags, examples, subcommands and the action. */
  define(command: LumosCommand, cli: Cli): void
}

export interface CatalogueEntry {
  readonly name: string
  readonly summary: string
  /** Commands without a group are not listed in help. */
  readonly group?: 'Get started' | 'Work' | 'Mesh' | 'Operate' | 'Learn'
  readonly load: () => Promise<CommandModule>
}

export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: 'up',
    summary: 'start this node in the background, if it is not running',
    group: 'Get started',
    load: () => import('./commands/up.ts')
  },
  {
    name: 'demo',
    summary: 'see one node do work for another, in a few seconds',
    group: 'Get started',
    load: () => import('./commands/demo.ts')
  },
  {
    name: 'new',
    summary: 'make a project: an agent, a tool, an MCP server, a swarm',
    group: 'Get started',
    load: () => import('./commands/new.ts')
  },
  {
    name: 'dev',
    summary: 'run agents while you write them, anew with each save',
    group: 'Get started',
    load: () => import('./commands/dev.ts')
  },
  {
    name: 'status',
    summary: 'how this node is doing',
    group: 'Get started',
    load: () => import('./commands/status.ts')
  },
  {
    name: 'down',
    summary: 'stop this node',
    group: 'Get started',
    load: () => import('./commands/down.ts')
  },
  {
    name: 'run',
    summary: 'have an agent do a task, here or on a peer',
    group: 'Work',
    load: () => import('./commands/run.ts')
  },
  {
    name: 'chat',
    summary: 'talk to an agent, here or on a peer',
    group: 'Work',
    load: () => import('./commands/chat.ts')
  },
  {
    name: 'find',
    summary: 'who can do something',
    group: 'Work',
    load: () => import('./commands/find.ts')
  },
  {
    name: 'route',
    summary: 'who would be asked for a task, and why',
    group: 'Work',
    load: () => import('./commands/route.ts')
  },
  {
    name: 'agents',
    summary: 'agents of this node and of its peers',
    group: 'Work',
    load: () => import('./commands/agents.ts')
  },
  {
    name: 'tasks',
    summary: 'tasks given and taken: list, show, watch, cancel, retry',
    group: 'Work',
    load: () => import('./commands/tasks.ts')
  },
  {
    name: 'host',
    summary: 'agents of Mastra, AI SDK, OpenAI, LangGraph or any program on this node',
    group: 'Work',
    load: () => import('./commands/host.ts')
  },
  {
    name: 'mcp',
    summary: 'MCP: tools of other servers for the agents here, and the swarm as a server',
    group: 'Work',
    load: () => import('./commands/mcp.ts')
  },
  {
    name: 'model',
    summary: 'language models: list, add, test, default, rm',
    group: 'Work',
    load: () => import('./commands/model.ts')
  },
  {
    name: 'tools',
    summary: 'what agents can use: list, call, allow, deny',
    group: 'Work',
    load: () => import('./commands/tools.ts')
  },
  {
    name: 'memory',
    summary: 'what the nodes know together: put, get, ls, watch, status',
    group: 'Work',
    load: () => import('./commands/memory.ts')
  },
  {
    name: 'spaces',
    summary: 'parts of that memory with rules of their own: create, grant, revoke',
    group: 'Work',
    load: () => import('./commands/spaces.ts')
  },
  {
    name: 'peers',
    summary: 'nodes of the swarm: list, show, trace, connect, disconnect, ping, block',
    group: 'Mesh',
    load: () => import('./commands/peers.ts')
  },
  {
    name: 'mesh',
    summary: 'who is connected to whom, and how: graph, routes, topics, dht',
    group: 'Mesh',
    load: () => import('./commands/mesh.ts')
  },
  {
    name: 'metrics',
    summary: 'what the node counts, as Prometheus reads it',
    group: 'Mesh',
    load: () => import('./commands/metrics.ts')
  },
  {
    name: 'auth',
    summary: 'tokens for programs that come in over HTTP: create, ls, revoke',
    group: 'Mesh',
    load: () => import('./commands/auth.ts')
  },
  {
    name: 'usage',
    summary: 'what tenants and tokens have used over HTTP, day by day',
    group: 'Mesh',
    load: () => import('./commands/usage.ts')
  },
  {
    name: 'grant',
    summary: 'what a node may do at others: create, add, show, verify, revoke',
    group: 'Mesh',
    load: () => import('./commands/grant.ts')
  },
  {
    name: 'swarm',
    summary: 'who is in the swarm: show, create, remove, leave',
    group: 'Mesh',
    load: () => import('./commands/swarm.ts')
  },
  {
    name: 'invite',
    summary: 'one line of text that lets another machine in',
    group: 'Mesh',
    load: () => import('./commands/invite.ts')
  },
  {
    name: 'join',
    summary: 'join a swarm by such a line, and start this node',
    group: 'Get started',
    load: () => import('./commands/join.ts')
  },
  {
    name: 'id',
    summary: 'name, PeerId and addresses of this node',
    group: 'Mesh',
    load: () => import('./commands/id.ts')
  },
  {
    name: 'dashboard',
    summary: 'this node in a browser: who is up, who does what',
    group: 'Operate',
    load: () => import('./commands/dashboard.ts')
  },
  {
    name: 'bench',
    summary: 'how much the swarm does: ping, task, stream, memory, dht',
    group: 'Operate',
    load: () => import('./commands/bench.ts')
  },
  {
    name: 'top',
    summary: 'the mesh, live: peers, tasks, agents, gossip, logs',
    group: 'Operate',
    load: () => import('./commands/top.ts')
  },
  {
    name: 'doctor',
    summary: 'find out what is wrong, and what to do about it',
    group: 'Operate',
    load: () => import('./commands/doctor.ts')
  },
  {
    name: 'health',
    summary: 'one line and an exit code, for containers and monitoring',
    group: 'Operate',
    load: () => import('./commands/health.ts')
  },
  {
    name: 'wait',
    summary: 'until the node is ready, a peer or an agent is there, or a task has ended',
    group: 'Operate',
    load: () => import('./commands/wait.ts')
  },
  {
    name: 'logs',
    summary: 'what the node has to say',
    group: 'Operate',
    load: () => import('./commands/logs.ts')
  },
  {
    name: 'audit',
    summary: 'who did what on this node, and what was refused',
    group: 'Operate',
    load: () => import('./commands/audit.ts')
  },
  {
    name: 'config',
    summary: 'read and change the configuration',
    group: 'Operate',
    load: () => import('./commands/config.ts')
  },
  {
    name: 'keys',
    summary: 'the key of this node: show, export, import, encrypt',
    group: 'Operate',
    load: () => import('./commands/keys.ts')
  },
  {
    name: 'restart',
    summary: 'stop this node and start it with the same flags',
    group: 'Operate',
    load: () => import('./commands/restart.ts')
  },
  {
    name: 'daemon',
    summary: 'run the node in the foreground (systemd, containers)',
    group: 'Operate',
    load: () => import('./commands/daemon.ts')
  },
  {
    name: 'bugreport',
    summary: 'one file for who helps: what happened, without secrets',
    group: 'Operate',
    load: () => import('./commands/bugreport.ts')
  },
  {
    name: 'service',
    summary: 'this node as a service of systemd: install, uninstall, status, logs',
    group: 'Operate',
    load: () => import('./commands/service.ts')
  },
  {
    name: 'help',
    summary: 'this page, or the page of a command',
    group: 'Learn',
    load: () => import('./commands/help.ts')
  },
  {
    name: 'explain',
    summary: 'what an error code, an exit code or a setting means',
    group: 'Learn',
    load: () => import('./commands/explain.ts')
  },
  {
    name: 'completion',
    summary: 'completion script for bash, zsh or fish',
    group: 'Learn',
    load: () => import('./commands/completion.ts')
  },
  {
    name: 'version',
    summary: 'version of Lumos and of what it runs on',
    group: 'Learn',
    load: () => import('./commands/version.ts')
  },
  {
    name: '__guard',
    summary: 'sees to the end of temporary nodes',
    load: () => import('./commands/guard.ts')
  },
  {
    name: '__complete',
    summary: 'words for the completion scripts',
    load: () => import('./commands/complete-words.ts')
  }
]
