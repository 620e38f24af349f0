/** How documents of A2A 0.3 are spelled: with `kind` everywhere over JSON-RPC, as ProtoJSON of its own over REST. */
import type {
  Artifact,
  Message,
  Part,
  StreamResponse,
  Task,
  TaskStatus
} from '../../../core/a2a.ts'
import { isJsonList, isJsonObject } from '../../../core/json.ts'
import type { Json, JsonObject } from '../../../core/json.ts'

/** What the two bindings of 0.3 write differently. */
export interface Spelling {
  /** Of a message as 1.0 has it. */
  readonly message: (message: Message) => object
  readonly part: (part: Part) => object
  readonly state: (state: TaskStatus['state']) => string
  /** Marks a document, or wraps it, so that its reader knows which it is. */
  readonly named: (name: DocumentName, document: object) => object
  /** A message as it came, in the words of 1.0; what is malformed stays so, for the schema of 1.0 to refuse. */
  readonly read: (message: JsonObject) => JsonObject
}

export type DocumentName = 'task' | 'message' | 'status-update' | 'artifact-update'

/** Marks data that is no object: 0.3 knows objects only. The official SDK reads and writes the same mark. */
const DATA_MARK = 'data_part_compat'

/** JSON-RPC. */
export const KINDS: Spelling = {
  message: ({ role, ...message }) => ({
    kind: 'message',
    ...message,
    role: role === 'ROLE_USER' ? 'user' : 'agent',
    parts: message.parts.map(KINDS.part)
  }),
  part: ({ text, raw, url, data, filename, mediaType, metadata }) => {
    const more = metadata && { metadata }
    if (text !== undefined) return { kind: 'text', text, ...more }
    if (data !== undefined) return { kind: 'data', ...dataOf(data, metadata) }
    const content = raw === undefined ? { uri: url ?? '' } : { bytes: raw }
    const names = { ...(filename && { name: filename }), ...(mediaType && { mimeType: mediaType }) }
    return { kind: 'file', file: { ...content, ...names }, ...more }
  },
  state: (state) => state.replace('TASK_STATE_', '').toLowerCase().replaceAll('_', '-'),
  named: (name, document) => ({ kind: name, ...document }),
  read: (message) => {
    const { kind: _, role, parts, ...rest } = message
    return {
      ...rest,
      role: ROLES.get(role) ?? 'ROLE_UNSPECIFIED',
      parts: listOf(parts).map((part) => (isJsonObject(part) ? partOfKind(part) : part))
    }
  }
}

/** HTTP+JSON: ProtoJSON of the a2a.proto of 0.3. */
export const PROTO: Spelling = {
  message: (message) => {
    const { parts, referenceTaskIds: _, ...rest } = message
    return { ...rest, content: parts.map(PROTO.part) }
  },
  // Parts have no metadata there, and files no names: strict readers refuse what is not in the proto.
  part: ({ text, raw, url, data, mediaType }) => {
    if (text !== undefined) return { text }
    if (data !== undefined) return { data: { data: dataOf(data, undefined).data } }
    const content = raw === undefined ? { fileWithUri: url ?? '' } : { fileWithBytes: raw }
    return { file: { ...content, ...(mediaType && { mimeType: mediaType }) } }
  },
  // British there, and American in 1.0.
  state: (state) => (state === 'TASK_STATE_CANCELED' ? 'TASK_STATE_CANCELLED' : state),
  named: (name, document) => ({ [MEMBERS[name]]: document }),
  read: ({ content, ...message }) => ({
    ...message,
    parts: listOf(content).map((part) => (isJsonObject(part) ? partOfProto(part) : part))
  })
}

const MEMBERS: Readonly<Record<DocumentName, string>> = {
  task: 'task',
  message: 'message',
  'status-update': 'statusUpdate',
  'artifact-update': 'artifactUpdate'
}

const ROLES: ReadonlyMap<Json | undefined, string> = new Map([
  ['user', 'ROLE_USER'],
  ['agent', 'ROLE_AGENT']
])

export interface Writer {
  readonly task: (task: Task) => object
  /** `final`: the stream ends with it. */
  readonly update: (update: StreamResponse, final: boolean) => object
}

export function createWriter(spelling: Spelling): Writer {
  const { message, part, state, named } = spelling

  function artifactOf({ parts, ...artifact }: Artifact): object {
    return { ...artifact, parts: parts.map(part) }
  }

  function statusOf(status: TaskStatus): object {
    return {
      ...status,
      state: state(status.state),
      ...(status.message && { message: message(status.message) })
    }
  }

  function taskOf({ status, artifacts, history, ...task }: Task): object {
    return {
      ...task,
      status: statusOf(status),
      ...(artifacts && { artifacts: artifacts.map(artifactOf) }),
      ...(history && { history: history.map(message) })
    }
  }

  return {
    task: taskOf,
    update(update, final) {
      const { task, statusUpdate, artifactUpdate } = update
      if (task !== undefined) return named('task', taskOf(task))
      if (statusUpdate !== undefined) {
        const status = statusOf(statusUpdate.status)
        return named('status-update', { ...statusUpdate, status, final })
      }
      if (artifactUpdate !== undefined) {
        const artifact = artifactOf(artifactUpdate.artifact)
        return named('artifact-update', { ...artifactUpdate, artifact })
      }
      return update.message === undefined ? {} : named('message', message(update.message))
    }
  }
}

/** The members that are there. */
export function given(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function partOfKind({ kind, text, file, data, metadata }: JsonObject): JsonObject {
  if (kind === 'text') return given({ text, metadata })
  if (kind === 'data') return dataPartOf(data, metadata)
  if (kind !== 'file' || !isJsonObject(file)) return {}
  const { bytes: raw, uri: url, name: filename, mimeType: mediaType } = file
  return given({ raw, url, filename, mediaType, metadata })
}

function partOfProto({ text, file, data, metadata }: JsonObject): JsonObject {
  if (text !== undefined) return given({ text, metadata })
  if (isJsonObject(data)) return dataPartOf(data['data'], metadata)
  if (!isJsonObject(file)) return {}
  const { fileWithBytes: raw, fileWithUri: url, name: filename, mimeType: mediaType } = file
  return given({ raw, url, filename, mediaType, metadata })
}

function dataOf(data: Json, metadata: JsonObject | undefined) {
  if (isJsonObject(data)) return { data, ...(metadata && { metadata }) }
  return { data: { value: data }, metadata: { ...metadata, [DATA_MARK]: true } }
}

function dataPartOf(data: Json | undefined, metadata: Json | undefined): JsonObject {
  if (!isJsonObject(metadata) || metadata[DATA_MARK] !== true) return given({ data, metadata })
  const { [DATA_MARK]: _, ...rest } = metadata
  const value = isJsonObject(data) && Object.hasOwn(data, 'value') ? data['value'] : data
  return given({ data: value, metadata: Object.keys(rest).length > 0 ? rest : undefined })
}

function listOf(value: Json | undefined): readonly Json[] {
  return isJsonList(value) ? value : []
}
