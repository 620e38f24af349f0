/** The operations of A2A 0.3 by its names: each is one of 1.0 in other words, with nothing of its own. */
import type { A2aOperations } from '../../../core/a2a-operations.ts'
import type { StreamResponse } from '../../../core/a2a.ts'
import { INTERRUPTED_STATES, TERMINAL_STATES } from '../../../core/a2a.ts'
import { LumosError } from '../../../core/errors.ts'
import { isJsonObject } from '../../../core/json.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { EdgeOptions } from '../../../tasks/edge/service.ts'
import { document, stream } from '../methods.ts'
import type { A2aMethods, A2aRequests } from '../methods.ts'
import type { LegacyForm } from './forms.ts'
import { given } from './spelling.ts'

export interface LegacyComponents {
  readonly operations: A2aOperations<EdgeOptions>
  /** Those of 1.0, which know all limits. */
  readonly requests: A2aRequests
}

/** `form`: in which of its two bindings the words are those of 0.3. */
export function createLegacyMethods(
  { operations: to, requests: check }: LegacyComponents,
  form: LegacyForm
): A2aMethods {
  const message = reading(form.sendRequest, check.sendMessage)
  const task = reading(taskNames, check.getTask)
  const [send, follow] = ['task.send', 'task.follow'] as const
  return new Map([
    [
      'message/send',
      document(send, message, async (request, options) =>
        form.sent(await to.sendMessage(request, legacy(options)))
      )
    ],
    [
      'message/stream',
      stream(send, message, (request, options) =>
        written((inner) => to.sendStreamingMessage(request, legacy(inner)), {
          form,
          options,
          ofMessage: true
        })
      )
    ],
    [
      'tasks/get',
      document(follow, task, async (...asked) => form.task(await to.getTask(...asked)))
    ],
    [
      'tasks/cancel',
      document(follow, reading(taskNames, check.cancelTask), async (...asked) =>
        form.task(await to.cancelTask(...asked))
      )
    ],
    [
      'tasks/resubscribe',
      stream(follow, reading(taskNames, check.subscribe), (request, options) =>
        written((inner) => to.subscribeToTask(request, inner), { form, options, ofMessage: false })
      )
    ],
    ...pushMethods({ operations: to, requests: check }, form),
    [
      'agent/getAuthenticatedExtendedCard',
      document('agent.list', reading(namelessOf, check.extendedCard), async (...asked) =>
        form.card(await to.getExtendedAgentCard(...asked))
      )
    ]
  ])
}

function pushMethods({ operations: to, requests: check }: LegacyComponents, form: LegacyForm) {
  const follow = 'task.follow'
  const one = reading(configNames, check.pushConfig)
  const all = reading(configNames, check.listPushConfigs)
  return [
    [
      'tasks/pushNotificationConfig/set',
      document(
        follow,
        reading(form.configRequest, check.createPushConfig),
        async (request, options) =>
          form.config(await to.createTaskPushNotificationConfig(request, legacy(options)))
      )
    ],
    [
      'tasks/pushNotificationConfig/get',
      document(follow, asParams, async (params, options) => {
        if (params['pushNotificationConfigId']) {
          return form.config(await to.getTaskPushNotificationConfig(one(params), options))
        }
        // Without a name, the first that there is.
        const { configs } = await to.listTaskPushNotificationConfigs(all(params), options)
        if (configs[0] === undefined) throw new LumosError('PUSH_CONFIG_NOT_FOUND')
        return form.config(configs[0])
      })
    ],
    [
      'tasks/pushNotificationConfig/list',
      document(follow, all, async (...asked) =>
        form.configs(await to.listTaskPushNotificationConfigs(...asked))
      )
    ],
    [
      'tasks/pushNotificationConfig/delete',
      document(follow, one, async (...asked) => {
        await to.deleteTaskPushNotificationConfig(...asked)
        return form.done
      })
    ]
  ] as const
}

/** What is pushed for a request of 0.3 has its words, too. */
function legacy(options: EdgeOptions): EdgeOptions {
  return { ...options, dialect: '0.3' }
}

/** What came, in the words of 1.0 and checked as such. */
function reading<R>(read: (params: JsonObject) => JsonObject, check: (value: unknown) => R) {
  return (params: unknown): R => check(read(asParams(params)))
}

function asParams(params: unknown): JsonObject {
  return isJsonObject(params) ? params : {}
}

function namelessOf({ tenant }: JsonObject): JsonObject {
  return given({ tenant })
}

function taskNames({ tenant, id, historyLength }: JsonObject): JsonObject {
  return given({ tenant, id, historyLength })
}

function configNames({ tenant, id: taskId, pushNotificationConfigId: id }: JsonObject): JsonObject {
  return given({ tenant, taskId, id })
}

/** An update, and where it stands. */
type Placed = readonly [update: StreamResponse, place: Place | undefined]
type Place = Parameters<NonNullable<EdgeOptions['onPlace']>>[0]
type Call = (options: EdgeOptions) => AsyncIterable<StreamResponse>

interface Writing {
  readonly form: LegacyForm
  readonly options: EdgeOptions
  /** Whether it is the stream of a message, which ends with a question, too. */
  readonly ofMessage: boolean
}

/**
 * The last update of a stream says so. Whether a question is still open, and so the last, shows only by
 * what comes behind it, which, if it was answered, is there at once.
 */
async function* written(call: Call, { form, options, ofMessage }: Writing): AsyncIterable<object> {
  function write([update, place]: Placed, final: boolean): object {
    if (place !== undefined) options.onPlace?.(place)
    return form.update(update, final)
  }
  let question: Placed | undefined
  for await (const next of placed(call, options)) {
    if (question !== undefined) yield write(question, false)
    question = undefined
    const state = next[0].statusUpdate?.status.state
    if (ofMessage && state !== undefined && INTERRUPTED_STATES.has(state)) question = next
    else yield write(next, state !== undefined && TERMINAL_STATES.has(state))
  }
  if (question !== undefined) yield write(question, true)
}

async function* placed(call: Call, options: EdgeOptions): AsyncIterable<Placed> {
  let place: Place | undefined
  const onPlace = (next: Place): void => {
    place = next
  }
  for await (const update of call({ ...options, onPlace })) yield [update, place]
}
