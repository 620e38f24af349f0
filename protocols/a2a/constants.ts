/** The names by which the libp2p binding of A2A is known on the wire (docs/protocols/a2a-libp2p.md). */
import { PARTY_EXTENSION } from '../../core/party.ts'
import { SKILL_EXTENSION } from '../../core/skill-schemas.ts'

/** Method names of the session calls, by operation of the A2A specification. */
export const A2A_METHODS = {
  sendMessage: 'a2a.SendMessage',
  sendStreamingMessage: 'a2a.SendStreamingMessage',
  getTask: 'a2a.GetTask',
  listTasks: 'a2a.ListTasks',
  cancelTask: 'a2a.CancelTask',
  subscribeToTask: 'a2a.SubscribeToTask',
  createPushConfig: 'a2a.CreateTaskPushNotificationConfig',
  getPushConfig: 'a2a.GetTaskPushNotificationConfig',
  listPushConfigs: 'a2a.ListTaskPushNotificationConfigs',
  deletePushConfig: 'a2a.DeleteTaskPushNotificationConfig',
  getExtendedAgentCard: 'a2a.GetExtendedAgentCard'
} as const

/** Service parameters: lower-case names of call headers, with text values. */
export const SERVICE_PARAMETERS = {
  version: 'a2a-version',
  extensions: 'a2a-extensions',
  /** Milliseconds the task may still take, decimal. */
  deadline: 'lumos-deadline-ms',
  /** Agents that asked each other before the one that is asked now, decimal. */
  depth: 'lumos-depth',
  /** `<attempt>.<seq>` of the last event that the caller holds. */
  after: 'lumos-after'
} as const

/** Every event bears its attempt and number, and subscribing can continue after one. */
export const EVENTS_EXTENSION = 'urn:lumos:a2a:ext:events:1'
/** The caller chooses the task's id, and sending the same again is the same task. */
export const TASK_ID_EXTENSION = 'urn:lumos:a2a:ext:task-id:1'
/** The message of a failed task's status carries the error with its code. */
export const ERROR_EXTENSION = 'urn:lumos:a2a:ext:error:1'
/** The message of a working task's status carries how much is done. */
export const PROGRESS_EXTENSION = 'urn:lumos:a2a:ext:progress:1'
/** The message of a working task's status carries what the agent just did: a tool call, a step, its cost. */
export const STEP_EXTENSION = 'urn:lumos:a2a:ext:step:1'
/** The update by which a task takes up a further message of its caller carries that message. */
export const TURN_EXTENSION = 'urn:lumos:a2a:ext:turn:1'
/** Push notifications are signed, and say when something had to be left out. */
export const PUSH_EXTENSION = 'urn:lumos:a2a:ext:push:1'
/** A task of an agent carries who asked before it, what may be spent, how urgent it is, and its trace. */
export const CHAIN_EXTENSION = 'urn:lumos:a2a:ext:chain:1'
/** A task that was passed on carries the signatures of those who did, and of who asked first. */
export const BEHALF_EXTENSION = 'urn:lumos:a2a:ext:behalf:1'
/** The event that ends a run carries what was spent on the task. */
export const USAGE_EXTENSION = 'urn:lumos:a2a:ext:usage:1'

/** A task that another worker had begun carries what that one said. */
export const HANDOVER_EXTENSION = 'urn:lumos:a2a:ext:handover:1'

/** What a Lumos node declares in its cards, and activates in its calls. */
export const A2A_EXTENSIONS = [
  EVENTS_EXTENSION,
  TASK_ID_EXTENSION,
  ERROR_EXTENSION,
  PROGRESS_EXTENSION,
  STEP_EXTENSION,
  TURN_EXTENSION,
  PUSH_EXTENSION,
  SKILL_EXTENSION,
  CHAIN_EXTENSION,
  BEHALF_EXTENSION,
  HANDOVER_EXTENSION,
  PARTY_EXTENSION,
  USAGE_EXTENSION
] as const
