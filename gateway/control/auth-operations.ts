/** What the control API asks of a node about tokens for HTTP. */
import type {
  ApiTokenDocument,
  ApiTokenList,
  CreateApiTokenRequest,
  NewApiTokenDocument
} from '../../client/auth-api.ts'

export interface AuthOperations {
  tokens(): Promise<ApiTokenList>
  /** @throws API_TOKENS_FULL, API_ROLE_UNKNOWN */
  createToken(request: CreateApiTokenRequest): Promise<NewApiTokenDocument>
  /** @throws API_TOKEN_UNKNOWN */
  revokeToken(selector: string): Promise<ApiTokenDocument>
}
