/** What each command may change: for programs that run commands, and for people who let them. */

/** `ro` reads; `rw` changes something, here or at peers, or has somebody work. */
export type Impact = 'ro' | 'rw'

const READS = `
status; find; route explain; agents ls; agents show; tasks ls; tasks show; tasks watch; tasks logs;
host ls; host show; mcp ls; mcp show; mcp read; mcp prompt; model ls; tools ls; tools show;
memory get; memory ls; memory watch; memory search; memory history; memory status; memory export;
spaces ls; spaces show; peers ls; peers ping; peers trace; peers show;
mesh graph; mesh routes; mesh topics; mesh dht; metrics; auth token ls; usage;
grant ls; grant show; grant verify; swarm show; swarm ls; id; top; doctor; health; wait; logs; audit;
config get; config path; config validate; keys show; bugreport; service status; service logs;
help; explain; completion; version
`

const CHANGES = `
up; demo; new; dev; down; run; chat; join; restart; daemon; dashboard;
agents call; agents enable; agents disable; tasks cancel; tasks answer; tasks retry; tasks rm;
host add; host rm; host restart; mcp add; mcp approve; mcp restart; mcp rm; mcp serve;
model add; model test; model default; model rm;
tools call; tools allow; tools deny; tools reset; tools enable; tools disable;
memory put; memory rm; memory import; spaces create; spaces grant; spaces revoke;
spaces forget; spaces join;
peers connect; peers disconnect; peers block; peers unblock; auth token create; auth token revoke;
grant create; grant add; grant revoke; swarm create; swarm remove; swarm role; swarm leave;
invite create; invite revoke; bench ping; bench task; bench stream; bench memory; bench dht;
logs level; config set; config unset; keys export; keys import; keys encrypt; keys decrypt; keys rotate;
service install; service uninstall
`

/** By path, without the leading `lumos`: `peers ping`. */
export const IMPACTS: ReadonlyMap<string, Impact> = new Map([
  ...pathsIn(READS).map((path) => [path, 'ro'] as const),
  ...pathsIn(CHANGES).map((path) => [path, 'rw'] as const)
])

function pathsIn(list: string): readonly string[] {
  return list.split(';').map((path) => path.trim().replaceAll(/\s+/g, ' '))
}
