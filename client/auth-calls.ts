/** Calls of the control API about tokens for HTTP. */
import type {
  ApiTokenDocument,
  ApiTokenList,
  CreateApiTokenRequest,
  NewApiTokenDocument
} from './auth-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'

export interface AuthCalls {
  tokens(options?: CallOptions): Promise<ApiTokenList>
  createToken(request: CreateApiTokenRequest, options?: CallOptions): Promise<NewApiTokenDocument>
  /** `token`: its id, a unique beginning of it, or its name. */
  revokeToken(token: string, options?: CallOptions): Promise<ApiTokenDocument>
}

export function createAuthCalls({ get, post }: Verbs): AuthCalls {
  return {
    tokens: (options) => get('/v1/auth/tokens', options),
    createToken: (request, options) => post('/v1/auth/tokens', request, options),
    revokeToken: (token, options) => post('/v1/auth/tokens/revoke', { token }, options)
  }
}
