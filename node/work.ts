/** Joins both ends of delegation: the agents and tasks of this node, and the way to those of others. */
import { EventEmitter } from 'node:events'
import type { AgentCard } from '../core/a2a.ts'
import { ENSEMBLE_AGENT_ID } from '../core/ensemble.ts'
import type { Roster } from '../agents/roster.ts'
import { createIdSource } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { IdSource, PeerIdText } from '../core/ids.ts'
import { NO_TRACER } from '../core/trace.ts'
import type { Attributes } from '../core/attributes.ts'
import type { Directory } from '../discovery/directory/directory.ts'
import type { Finder } from '../discovery/directory/find.ts'
import { serveA2a } from '../protocols/a2a/server.ts'
import { createPeerChooser } from '../routing/choose-peer.ts'
import type { ChoosePeer } from '../routing/choose-peer.ts'
import type { Router } from '../routing/router.ts'
import { createRouter } from '../routing/router.ts'
import { createHedgeBudget } from '../routing/hedge-budget.ts'
import { createRetryBudget } from '../routing/retry-budget.ts'
import { createSelector } from '../routing/selector.ts'
import { createThrottle } from '../routing/throttle.ts'
import { createWorkers } from '../routing/workers.ts'
import { createDelegations } from '../tasks/caller/delegations.ts'
import type { Delegations } from '../tasks/caller/delegations.ts'
import { createTaskEngine } from '../tasks/worker/engine.ts'
import type { TaskEngine } from '../tasks/worker/engine.ts'
import type { AgentRunner } from '../tasks/worker/execution.ts'
import { openJournalTaskStore } from '../tasks/worker/journal-task-store.ts'
import { createMemoryTaskStore } from '../tasks/worker/memory-task-store.ts'
import { createLedger } from '../tasks/ledger.ts'
import type { Ledger } from '../tasks/ledger.ts'
import { createEdgeAccounts } from '../tasks/edge/accounts.ts'
import type { EdgeAccounts } from '../tasks/edge/accounts.ts'
import type { EdgeMark } from '../tasks/edge/orders.ts'
import { createEdgeGate } from '../tasks/edge/gate.ts'
import type { EdgeRules } from '../tasks/edge/gate.ts'
import { openOutboxStore } from '../tasks/caller/outbox-store.ts'
import { watchOutboxStore } from '../tasks/caller/watched-outbox-store.ts'
import type { OwnTaskNews } from '../tasks/caller/watched-outbox-store.ts'
import type { PushNotifications } from '../tasks/push/notifications.ts'
import { createTaskService } from '../tasks/worker/service.ts'
import { traceEngine } from '../tasks/worker/traced-engine.ts'
import { traceOutboxStore } from '../tasks/caller/traced-outbox-store.ts'
import type { NodeTimeouts } from '../tasks/worker/timeouts.ts'
import type { TaskStore } from '../tasks/worker/task-store.ts'
import { createGrantQuotas } from '../trust/grants/quotas.ts'
import { quotasOf } from '../trust/role-quotas.ts'
import { createTenants } from '../trust/tenants.ts'
import type { Tenants } from '../trust/tenants.ts'
import type { Quotas } from '../trust/role-quotas.ts'
import { createBehalfCheck, createShowBehalf } from './behalf.ts'
import { attributesOfPeer, mayKnow } from './capabilities.ts'
import type { NodeConfig } from './config/schema.ts'
import type { NodeDatabase } from './database.ts'
import { withOwnAgents } from './own-agents.ts'
import { createTaskGate } from './task-gate.ts'
import { createRouteDirectory } from './route-directory.ts'
import type { NodeComponents, Wire } from './wire.ts'

export interface WorkComponents extends NodeComponents {
  readonly wire: Wire
  readonly directory: Directory
  readonly finder: Finder
  readonly engine: TaskEngine
  readonly database: NodeDatabase
  readonly push: PushNotifications | undefined
}

export interface WorkInit {
  /** Milliseconds an ended task can be read. */
  readonly retentionMs: number
  readonly routing: NodeConfig['routing']
  /** What this node says of itself. */
  readonly attributes: Attributes
  readonly gateway: NodeConfig['gateway']
}

interface TaskNews {
  changed: [news: OwnTaskNews]
}

export interface Work {
  readonly ids: IdSource
  readonly delegations: Delegations
  /** What those outside the swarm use. */
  readonly accounts: EdgeAccounts
  readonly tenants: Tenants
  /** How the tasks stand that this node asked for. */
  readonly taskNews: EventEmitter<TaskNews>
  readonly ledger: Ledger
  /** The readable name of a peer; empty for one that nobody has told of. */
  readonly nameOf: (peer: PeerIdText) => string
  readonly explainRoute: Router['explain']
  readonly choosePeer: ChoosePeer
}

export interface EngineComponents extends NodeComponents {
  readonly wire: Wire
  readonly runner: AgentRunner
  readonly database: NodeDatabase
  /** Watches what the tasks' store keeps. */
  readonly push: PushNotifications | undefined
  /** Called when the load may have changed. */
  readonly onLoad: () => void
  readonly roster: Pick<Roster, 'find'>
}

export function createEngine(
  { clock, random, logger, tracer, wire, runner, database, push, onLoad, roster }: EngineComponents,
  { agents, tasks, attributes }: NodeConfig
): TaskEngine {
  const inMemory = createMemoryTaskStore()
  // Who sits at this machine may have all of it.
  const quotaOf = (caller: PeerIdText): Quotas =>
    quotasOf(caller === wire.identity.peer ? 'owner' : wire.nodeSwarm.roleOf(caller))
  async function openStore(): Promise<TaskStore> {
    const store =
      tasks.keep === 'memory'
        ? inMemory
        : await openJournalTaskStore({ clock, store: database.store, batches: database.tasks })
    return push?.watch(store) ?? store
  }
  return createTaskEngine(
    {
      clock,
      ids: createIdSource(clock, random),
      logger: logger.child('tasks'),
      runner,
      self: wire.identity.peer,
      ...(tracer && { tracer }),
      openStore
    },
    {
      admission: {
        concurrency: agents.concurrency,
        queue: agents.queue,
        total: tasks.active,
        perPeer: (caller) => quotaOf(caller).agentTasksPerPeer,
        onChange: onLoad
      },
      gate: createTaskGate(
        {
          authority: wire.authority,
          quotas: createGrantQuotas({ clock }),
          audit: wire.authority.audit,
          blame: wire.blame,
          checkBehalf: createBehalfCheck({ clock }, wire),
          skillsOf: (agentId) => roster.find(agentId)?.skills.map(({ id }) => id) ?? []
        },
        { self: wire.identity.peer, requireProof: tasks.requireProof }
      ),
      waitingPerPeer: (caller) => quotaOf(caller).tasksWaitingPerPeer,
      heldBytesPerPeer: (caller) =>
        caller === wire.identity.peer
          ? LIMITS.tasksHeldBytes.value
          : quotaOf(caller).tasksHeldBytesPerPeer,
      attributesOf: (caller) =>
        caller === wire.identity.peer ? attributes : attributesOfPeer(wire, caller),
      retentionMs: tasks.retention,
      onEnd: wire.meters.tasks.onWorked,
      timeouts: timeoutsOf(tasks.timeouts)
    }
  )
}

function timeoutsOf({
  total,
  queue,
  run,
  heartbeat
}: NodeConfig['tasks']['timeouts']): NodeTimeouts {
  return {
    totalMs: total,
    ...(queue !== undefined && { queueMs: queue }),
    ...(run !== undefined && { runMs: run }),
    ...(heartbeat !== undefined && { heartbeatMs: heartbeat })
  }
}

/** Registers the A2A methods with the sessions, so that peers can delegate to this node. */
export function createWork(
  components: WorkComponents,
  { retentionMs, routing, attributes, gateway }: WorkInit
): Work {
  const { clock, random, logger, tracer = NO_TRACER, wire, directory, engine, push } = components
  const { sessions, identity, name } = wire
  const self = identity.peer
  const service = createTaskService({
    engine: traceEngine(engine, tracer),
    ...(push && { push }),
    extendedCard: (agentId, caller) => cardFor(components, agentId, caller)
  })
  serveA2a(sessions.methods, service)
  const workers = createWorkers({ clock, sessions, local: service }, self)
  const selector = createSelector({ workers, clock, random, meter: wire.meters.routes.calls })
  const routes = withOwnAgents(createRouteDirectory(components, attributes), {
    self,
    name,
    agents: [ENSEMBLE_AGENT_ID]
  })
  const router = createRouter(
    {
      workers,
      selector,
      budget: createRetryBudget(clock),
      hedges: createHedgeBudget(clock),
      throttle: createThrottle({ clock, random }),
      behalf: createShowBehalf({ clock, random, wire, delegations: () => delegations }),
      directory: routes,
      clock,
      random,
      tracer,
      logger: logger.child('routing')
    },
    routing
  )
  const ids = createIdSource(clock, random)
  const tenants = createTenants(gateway)
  const outbox = createOutbox(components, { router, ids, retentionMs, tenants })
  const { delegations } = outbox
  const nameOf = (peer: PeerIdText): string =>
    peer === self ? name : (directory.peer(peer)?.name ?? sessions.get(peer)?.hello.name ?? '')
  const ledger = createLedger({ engine, delegations }, { self: { id: self, name }, nameOf })
  return {
    ids,
    ...outbox,
    tenants,
    ledger,
    nameOf,
    explainRoute: (question, signal) => router.explain(question, signal),
    choosePeer: createPeerChooser({ selector, directory: routes, clock }, routing)
  }
}

/** What this node asks of others, and what those outside the swarm use of it. */
function createOutbox(
  { clock, random, logger, tracer = NO_TRACER, database, wire }: WorkComponents,
  { router, ids, retentionMs, tenants }: OutboxParts
): Pick<Work, 'accounts' | 'delegations' | 'taskNews'> {
  const parts = { clock, random, logger: logger.child('tasks') }
  const accounts = createEdgeAccounts({
    ...parts,
    database: () => ({ store: database.store, batches: database.tasks })
  })
  const taskNews = new EventEmitter<TaskNews>()
  const openStore = async () =>
    traceOutboxStore(
      watchOutboxStore(
        await openOutboxStore({ store: database.store, batches: database.tasks, accounts }),
        (news) => taskNews.emit('changed', news)
      ),
      tracer
    )
  const rulesOf = (owner: string): EdgeRules => ({
    ...tenants.quotasOf(owner),
    knows: (agent) => tenants.knows(owner, agent)
  })
  const { audit } = wire.authority
  const onRefused = ({ owner, agent }: EdgeMark, quota: string): void =>
    audit.note({
      who: owner,
      did: 'task.send',
      what: agent,
      allowed: false,
      reason: `quota ${quota}`
    })
  const gate = createEdgeGate({ clock, accounts, rulesOf, onRefused }, { retentionMs })
  const { onDispatch } = wire.meters.routes
  const delegations = createDelegations(
    { ...parts, dispatcher: router, ids, openStore, gate, onDispatch },
    { retentionMs, onEnd: wire.meters.tasks.onAsked }
  )
  return { accounts, delegations, taskNews }
}

interface OutboxParts extends Pick<WorkInit, 'retentionMs'> {
  readonly router: Router
  readonly ids: IdSource
  readonly tenants: Tenants
}

/** One that its caller may not know of looks as if it were not there. */
function cardFor(
  { directory, wire }: WorkComponents,
  agentId: string,
  caller: PeerIdText
): AgentCard | undefined {
  const self = wire.identity.peer
  const card = directory.peer(self)?.cards.find((one) => one.agentId === agentId)
  return card !== undefined && (caller === self || mayKnow(wire, caller, card))
    ? card.card
    : undefined
}
