/** The floor: a loop on the openai package, with Lumos's transport, and threads in Level without fsync. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import OpenAI from 'openai'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { createModelTransport } from '../../agents/models/transport.ts'
import { systemClock } from '../../core/clock.ts'
import type { Call, Task } from './task.ts'
import { ADD, HISTORY, INSTRUCTIONS, TASKS, THREADS } from './task.ts'

const TOOLS = [
  {
    type: 'function' as const,
    function: { name: ADD.id, description: ADD.description, parameters: { ...ADD.inputSchema } }
  }
]

export async function bareCall(url: string, task: Task): Promise<Call> {
  const { fetch } = await createModelTransport(systemClock)
  const client = new OpenAI({ baseURL: url, apiKey: 'none', fetch, maxRetries: 0 })

  async function loop(before: readonly ChatCompletionMessageParam[]): Promise<string> {
    const messages: ChatCompletionMessageParam[] = [
      { role: 'system', content: INSTRUCTIONS },
      ...before,
      { role: 'user', content: TASKS[task] }
    ]
    for (;;) {
      const stream = await client.chat.completions.create({
        model: 'test-model',
        messages,
        stream: true,
        stream_options: { include_usage: true },
        ...(task === 'tool' && { tools: TOOLS })
      })
      let text = ''
      const calls: { id: string; name: string; input: string }[] = []
      for await (const { choices } of stream) {
        const delta = choices[0]?.delta
        text += delta?.content ?? ''
        for (const { index, id, function: made } of delta?.tool_calls ?? []) {
          const known = (calls[index] ??= { id: id ?? '', name: '', input: '' })
          known.name += made?.name ?? ''
          known.input += made?.arguments ?? ''
        }
      }
      if (calls.length === 0) return text
      messages.push({
        role: 'assistant',
        content: text,
        tool_calls: calls.map(({ id, name, input }) => ({
          id,
          type: 'function',
          function: { name, arguments: input }
        }))
      })
      for (const { id, input } of calls) {
        const { a, b }: { a: number; b: number } = JSON.parse(input)
        messages.push({ role: 'tool', tool_call_id: id, content: String(a + b) })
      }
    }
  }

  return task === 'thread' ? withThreads(loop) : () => loop([])
}

async function withThreads(
  loop: (before: readonly ChatCompletionMessageParam[]) => Promise<string>
): Promise<Call> {
  const folder = await mkdtemp(join(tmpdir(), 'lumos-bench-'))
  const level = new Level<string, ChatCompletionMessageParam>(folder, { valueEncoding: 'json' })
  return async (at) => {
    const prefix = `${at % THREADS}/`
    const range = { gt: prefix, lt: `${prefix}~`, reverse: true, limit: HISTORY }
    const before = (await level.values(range).all()).toReversed()
    const text = await loop(before)
    const key = `${prefix}${String(at).padStart(9, '0')}`
    await level.batch([
      { type: 'put', key: `${key}a`, value: { role: 'user', content: TASKS.thread } },
      { type: 'put', key: `${key}b`, value: { role: 'assistant', content: text } }
    ])
  }
}
