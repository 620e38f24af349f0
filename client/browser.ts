/** The typed client of a node, for browsers: what bundlers take for `lumos-mesh/client`. Nothing below it needs Node. */
export type * from './api.ts'
export type * from './live-api.ts'
export type { CallOptions, Client, LogQuery, TaskQuery } from './calls.ts'
export { createHttpClient as createClient } from './http-client.ts'
export type { HttpClient } from './http-client.ts'
export type { FollowOptions, Live, LiveMessage, LiveOptions, Placed, Updates } from './live.ts'
