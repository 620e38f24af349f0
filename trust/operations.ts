/** Everything one node may ask of another, and who may. docs/security.md shows this table, a test tries every cell. */
import type { ApiScope, GrantAction } from '../core/grant-words.ts'
import type { Role } from './roles.ts'

export interface Operation {
  readonly means: string
  /** Methods of the session (docs/protocols/session.md) that ask for it. */
  readonly methods: readonly string[]
  /** Those who may by what they are. */
  readonly roles: readonly Role[]
  /** Who is no member may, too, without a grant. */
  readonly anybody?: true
  /** What a grant has to say for others; absent: no grant helps. */
  readonly grant?: GrantAction
}

const ALL: readonly Role[] = ['owner', 'admin', 'member', 'worker', 'client', 'relay']
const ASKING: readonly Role[] = ['owner', 'admin', 'member', 'client']
const WORKING: readonly Role[] = ['owner', 'admin', 'member', 'worker']
const REMEMBERING: readonly Role[] = ['owner', 'admin', 'member', 'worker', 'client']

export const OPERATIONS = {
  'node.ping': operation('ask whether the node is there', {
    methods: ['node.ping'],
    roles: ALL
  }),
  'peer.examine': operation('ask how this node sees it, and have its own addresses dialled back', {
    methods: ['doctor.view', 'doctor.dial'],
    roles: ALL
  }),
  'grant.show': operation('show its grants, and tell which were taken back', {
    methods: ['grant.show', 'grant.revoked'],
    roles: ALL,
    anybody: true
  }),
  'swarm.members': operation('keep the members list and the key of the swarm up to date', {
    methods: ['members.sync', 'members.tell', 'members.key'],
    roles: ALL
  }),
  'peer.list': operation('learn of other peers', {
    methods: ['peers.sample', 'peers.release', 'mesh.links'],
    roles: ALL
  }),
  'agent.list': operation('learn which agents there are; by a grant, of those here that it names', {
    methods: ['cards.get', 'a2a.GetExtendedAgentCard'],
    roles: ALL,
    grant: 'task/send'
  }),
  'agent.offer': operation('have its agents known and asked', {
    methods: ['cards.known', 'presence.exchange'],
    roles: WORKING,
    grant: 'agent/offer'
  }),
  'task.behalf': operation('be given the signature of who gave it a task, to show it to others', {
    methods: ['behalf.sign'],
    roles: WORKING,
    grant: 'agent/offer'
  }),
  'task.send': operation('give a task to an agent', {
    methods: ['a2a.SendMessage', 'a2a.SendStreamingMessage'],
    roles: ASKING,
    grant: 'task/send'
  }),
  'task.follow': operation('follow and be told of its own tasks, and where their time went', {
    methods: [
      'a2a.GetTask',
      'a2a.ListTasks',
      'a2a.SubscribeToTask',
      'a2a.CreateTaskPushNotificationConfig',
      'a2a.GetTaskPushNotificationConfig',
      'a2a.ListTaskPushNotificationConfigs',
      'a2a.DeleteTaskPushNotificationConfig',
      'trace.read'
    ],
    roles: ASKING,
    grant: 'task/send'
  }),
  // Also whoever has lost its grants since it gave one: that stops work, and shows nothing.
  'task.cancel': operation('cancel its own tasks', {
    methods: ['a2a.CancelTask'],
    roles: ALL,
    anybody: true
  }),
  'memory.read': operation('repair its copy of shared memory from ours', {
    methods: [
      'memory.offer',
      'memory.summary',
      'memory.statements',
      'memory.vector',
      'memory.pull',
      'memory.writers',
      'memory.blocks',
      'memory.names',
      'memory.records'
    ],
    roles: REMEMBERING,
    grant: 'memory/read'
  }),
  'memory.write': operation('put records into spaces that let it', {
    methods: ['memory.push', 'memory.admit'],
    roles: REMEMBERING,
    grant: 'memory/write'
  })
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof OPERATIONS

/** What can be asked for over HTTP besides: no peer can, whatever its role. */
export const CONTROL_OPERATIONS = {
  'control.read': {
    means: 'see how this node is, and what it knows of others',
    scope: 'control/read'
  },
  'control.write': { means: 'look after this node', scope: 'control/write' }
} as const satisfies Record<string, { readonly means: string; readonly scope: ApiScope }>

/** What can be asked for over HTTP. */
export type EdgeOperation = OperationName | keyof typeof CONTROL_OPERATIONS

export function operationNamed(name: OperationName): Operation {
  return OPERATIONS[name]
}

/** As data, for tables and tests. */
export const OPERATION_LIST: readonly (Operation & { readonly name: OperationName })[] =
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.entries forgets the names
  (Object.entries(OPERATIONS) as [OperationName, Operation][]).map(([name, row]) => ({
    name,
    ...row
  }))

const BY_METHOD: ReadonlyMap<string, OperationName> = new Map(
  OPERATION_LIST.flatMap(({ name, methods }) => methods.map((method) => [method, name] as const))
)

/** `undefined` for a method that nobody has thought about: it is refused. */
export function operationOf(method: string): OperationName | undefined {
  return BY_METHOD.get(method)
}

function operation(means: string, rest: Omit<Operation, 'means'>): Operation {
  return { means, ...rest }
}
