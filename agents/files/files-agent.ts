/** The agent that shows other agents and peers the files that the operator shares. */
import type { AgentSkill } from '../../core/a2a.ts'
import {
  type Agent,
  type AgentOutput,
  type AgentRequest,
  type ArtifactInit,
  defineAgent,
  inputError,
  RESULT_ARTIFACT_ID
} from '../agent.ts'
import { formatBytes, toPart } from './content.ts'
import { type FileRequest, parseFileRequest } from './request.ts'
import { createSharedFolders, type FolderEntry, type Listing } from './shared-folders.ts'

const SKILLS: readonly AgentSkill[] = [
  {
    id: 'files.list',
    name: 'List a folder',
    description:
      'Lists a shared folder: names, kinds and sizes, as text and as data. Data input: ' +
      '{"op": "list", "path": "docs"}.',
    tags: ['files', 'folder', 'directory', 'list', 'ls'],
    examples: ['list', 'list docs', 'what is in docs/protocols']
  },
  {
    id: 'files.read',
    name: 'Read a file',
    description:
      'Returns a file from a shared folder: text exactly as it is, anything else as base64 with ' +
      'its media type. Data input: {"op": "read", "path": "README.md"}.',
    tags: ['files', 'file', 'read', 'cat', 'document'],
    examples: ['read README.md', 'read "my notes.txt"']
  }
]

export interface FilesAgentInit {
  /** Folders to share, everything below them included except hidden names; none shares nothing. */
  readonly roots: readonly string[]
}

export function createFilesAgent({ roots }: FilesAgentInit): Agent {
  const folders = createSharedFolders(roots)

  async function* run({ message, text, signal }: AgentRequest): AsyncGenerator<AgentOutput> {
    if (roots.length === 0) {
      throw refusal('this node shares no folder (its operator sets agents.files.roots)')
    }
    const request = parseFileRequest(message, text)
    if (request === undefined) throw refusal('data must be {"op": "list" or "read", "path": "…"}')
    const artifact = await fulfil(request, signal)
    if (artifact === undefined) throw refusal(missing(request))
    yield { type: 'artifact', artifact }
  }

  async function fulfil(
    { op, path }: FileRequest,
    signal: AbortSignal
  ): Promise<ArtifactInit | undefined> {
    const bytes = op === 'list' ? undefined : await folders.read(path, signal)
    if (bytes !== undefined) {
      const name = path.split('/').findLast((part) => part !== '') ?? path
      return { artifactId: RESULT_ARTIFACT_ID, name, parts: [toPart(name, bytes)] }
    }
    const listing = op === 'read' ? undefined : await folders.list(path, signal)
    return listing && showListing(path, listing)
  }

  return defineAgent({
    id: 'files',
    name: 'Files',
    description:
      'Lists and reads files below the folders that this node shares. Read only; nothing outside ' +
      'of them and nothing hidden can be reached.',
    skills: SKILLS,
    inputModes: ['text/plain', 'application/json'],
    outputModes: ['text/plain', 'application/json', 'application/octet-stream'],
    idempotent: true,
    run
  })
}

function refusal(reason: string): Error {
  return inputError('files', reason)
}

function missing({ op, path }: FileRequest): string {
  const kind = { list: 'folder', read: 'file', open: 'file or folder' }[op]
  return path === ''
    ? `say which ${kind}, for example: read README.md`
    : `no ${kind} is called "${path}"`
}

function showListing(path: string, { entries, truncated }: Listing): ArtifactInit {
  const lines = entries.map(showEntry)
  if (truncated) lines.push('… and more')
  if (lines.length === 0) lines.push('(empty)')
  return {
    artifactId: RESULT_ARTIFACT_ID,
    name: path === '' ? 'shared folders' : path,
    parts: [
      { text: lines.join('\n') },
      { data: { path, entries: entries.map((entry) => ({ ...entry })), truncated } }
    ]
  }
}

function showEntry({ name, type, size }: FolderEntry): string {
  if (type === 'file') return `${name}  ${formatBytes(size)}`
  return type === 'folder' ? `${name}/` : `${name}  (${type})`
}
