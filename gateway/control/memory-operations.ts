/** What the control API asks of a node's shared memory. */
import type {
  CreateSpaceRequest,
  FactDocument,
  FactHistory,
  FactHitList,
  FactKey,
  FactList,
  ForgetSpaceRequest,
  ForgottenSpace,
  GrantRequest,
  ImportRequest,
  ImportResult,
  MemoryEvent,
  MemoryStatus,
  PutRequest,
  SearchRequest,
  SpaceDocument,
  SpaceList
} from '../../client/memory-api.ts'
import type { FactWatch } from '../../core/memory.ts'

export interface FactPage {
  readonly prefix?: string
  /** `next` of the page before. */
  readonly after?: string
  readonly limit: number
  readonly reverse: boolean
}

/** `space` is a name; one that this node does not have is SPACE_UNKNOWN. */
export interface MemoryOperations {
  /** @throws FACT_UNKNOWN */
  get(space: string, key: string): Promise<FactDocument>
  put(space: string, request: PutRequest): Promise<FactDocument>
  remove(space: string, key: string): Promise<FactKey>
  list(space: string, page: FactPage): Promise<FactList>
  watch(space: string, watch: FactWatch, signal: AbortSignal): AsyncIterable<MemoryEvent>
  history(space: string, key: string): Promise<FactHistory>
  search(space: string, request: SearchRequest, signal: AbortSignal): Promise<FactHitList>
  export(space: string, prefix: string | undefined): AsyncIterable<FactDocument>
  /** Writes them as this node's own, at once. */
  import(space: string, request: ImportRequest): Promise<ImportResult>
  /** Asks the peers how they stand. */
  status(): Promise<MemoryStatus>
}

export interface SpaceOperations {
  list(): Promise<SpaceList>
  show(space: string): Promise<SpaceDocument>
  create(request: CreateSpaceRequest): Promise<SpaceDocument>
  /** @throws SPACE_NOT_OWNED, PEER_UNKNOWN, PEER_AMBIGUOUS */
  grant(space: string, request: GrantRequest): Promise<SpaceDocument>
  /** @throws SPACE_NOT_OWNED, PEER_UNKNOWN, PEER_AMBIGUOUS */
  revoke(space: string, peer: string): Promise<SpaceDocument>
  /** @throws SPACE_UNKNOWN, SPACE_AMBIGUOUS, SPACE_OF_EVERYBODY, SPACE_OWNED */
  forget(space: string, request: ForgetSpaceRequest): Promise<ForgottenSpace>
  /** @throws SPACE_UNKNOWN, SPACE_AMBIGUOUS */
  join(space: string): Promise<SpaceDocument>
}
