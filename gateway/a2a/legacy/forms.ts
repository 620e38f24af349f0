/** Requests and answers of the two bindings of A2A 0.3, each in terms of 1.0. */
import type {
  ListPushNotificationConfigsResponse,
  SendMessageResponse,
  TaskPushNotificationConfig
} from '../../../core/a2a-operations.ts'
import type { AgentCard } from '../../../core/a2a.ts'
import { isJsonList, isJsonObject } from '../../../core/json.ts'
import type { Json, JsonObject } from '../../../core/json.ts'
import { legacyCardOf, protoCardOf } from './card.ts'
import { createWriter, given, KINDS, PROTO } from './spelling.ts'
import type { Spelling, Writer } from './spelling.ts'

/** What came in is not checked here: the operations of 1.0 refuse what they cannot read. */
export interface LegacyForm extends Writer {
  readonly sendRequest: (params: JsonObject) => JsonObject
  readonly sent: (answer: SendMessageResponse) => object
  /** Of Create. */
  readonly configRequest: (params: JsonObject) => JsonObject
  readonly config: (config: TaskPushNotificationConfig) => object
  readonly configs: (answer: ListPushNotificationConfigsResponse) => object
  readonly card: (card: AgentCard) => object
  /** The answer that says nothing but that it was done. */
  readonly done: object | null
}

const kinds = createWriter(KINDS)
const proto = createWriter(PROTO)

export const KINDS_FORM: LegacyForm = {
  ...kinds,
  task: (task) => KINDS.named('task', kinds.task(task)),
  sendRequest: (params) => {
    const { configuration } = params
    // Who says nothing waits, as with the servers of 0.3.
    const waits = !isJsonObject(configuration) || configuration['blocking'] !== false
    const wanted = isJsonObject(configuration) ? configuration : {}
    const push = wanted['pushNotificationConfig']
    return sendRequestOf(KINDS, params, { ...wanted, push, returnImmediately: !waits })
  },
  sent: (answer) => kinds.update(answer, false),
  configRequest: ({ tenant, taskId, pushNotificationConfig }) =>
    given({ ...configIn(pushNotificationConfig), tenant, taskId }),
  config: ({ taskId, ...config }) => ({ taskId, pushNotificationConfig: configOf(config) }),
  configs: ({ configs }) => configs.map(KINDS_FORM.config),
  card: legacyCardOf,
  done: null
}

export const PROTO_FORM: LegacyForm = {
  ...proto,
  sendRequest: (params) => {
    const { configuration } = params
    if (!isJsonObject(configuration)) return sendRequestOf(PROTO, params, {})
    // ProtoJSON leaves out what is false or 0: there, both are the default.
    const { blocking, historyLength, pushNotification: push, ...wanted } = configuration
    const length = historyLength === 0 ? undefined : historyLength
    const returnImmediately = blocking !== true
    return sendRequestOf(PROTO, params, {
      ...wanted,
      historyLength: length,
      push,
      returnImmediately
    })
  },
  sent: (answer) => proto.update(answer, false),
  configRequest: ({ tenant, taskId, config, pushNotificationConfig }) => {
    // In a request of its own kind, or alone: the proto and the SDKs differ.
    const inner = isJsonObject(config) ? config['pushNotificationConfig'] : pushNotificationConfig
    return given({ ...configIn(inner), tenant, taskId })
  },
  config: ({ taskId, ...config }) => ({
    name: `tasks/${taskId}/pushNotificationConfigs/${config.id}`,
    pushNotificationConfig: configOf(config)
  }),
  configs: ({ configs }) => ({ configs: configs.map(PROTO_FORM.config) }),
  card: protoCardOf,
  done: {}
}

function sendRequestOf(
  spelling: Spelling,
  { tenant, message, metadata }: JsonObject,
  { acceptedOutputModes, historyLength, push, returnImmediately }: JsonObject
): JsonObject {
  const config = isJsonObject(push) ? configIn(push) : undefined
  return given({
    tenant,
    message: isJsonObject(message) ? given(spelling.read(message)) : message,
    metadata,
    configuration: given({
      acceptedOutputModes,
      historyLength,
      taskPushNotificationConfig: config,
      returnImmediately
    })
  })
}

/** Several schemes are a choice of the sender; ours is the first. */
function configIn(config: Json | undefined): JsonObject {
  if (!isJsonObject(config)) return {}
  const { id, url, token, authentication } = config
  if (!isJsonObject(authentication)) return given({ id, url, token })
  const { schemes, credentials } = authentication
  const scheme = isJsonList(schemes) ? schemes[0] : undefined
  if (scheme === undefined) return given({ id, url, token })
  return given({ id, url, token, authentication: given({ scheme, credentials }) })
}

function configOf({ id, url, token, authentication }: TaskPushNotificationConfig): object {
  const { scheme, credentials } = authentication ?? {}
  return {
    ...(id && { id }),
    url,
    ...(token && { token }),
    ...(scheme && { authentication: { schemes: [scheme], ...(credentials && { credentials }) } })
  }
}
