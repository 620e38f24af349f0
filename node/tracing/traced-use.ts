/** Spans of what an agent uses while it runs: models, tools and shared memory; names and amounts, never what was said. */
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import type { AgentRequest } from '../../agents/agent.ts'
import type { EmbeddingModel, Model, Models } from '../../agents/models/model.ts'
import type { OpenToolbox, Toolbox } from '../../agents/tools/tool.ts'
import type { Memory, SpaceMemory } from '../../core/memory.ts'
import { within, yieldWithin } from '../../core/trace.ts'
import type { Span, TraceContext, Tracer } from '../../core/trace.ts'

type Start = (name: string) => Span

/** The same request, of which all that is used is seen; itself while nobody traces. */
export function tracedMemoryOf<R extends Pick<AgentRequest, 'memory' | 'chain'>>(
  tracer: Tracer,
  request: R
): R {
  const start = startingBelow(tracer, request.chain)
  return start === undefined ? request : { ...request, memory: tracedMemory(request.memory, start) }
}

export function tracedModels(
  tracer: Tracer,
  chain: TraceContext | undefined,
  models: Models
): Models {
  const start = startingBelow(tracer, chain)
  if (start === undefined) return models
  return {
    get: (name) => tracedModel(models.get(name), start),
    defaults: () => models.defaults(),
    embedding() {
      const model = models.embedding()
      return model && tracedEmbedding(model, start)
    }
  }
}

export function tracedToolbox(
  tracer: Tracer,
  chain: TraceContext | undefined,
  open: OpenToolbox
): OpenToolbox {
  const start = startingBelow(tracer, chain)
  if (start === undefined) return open
  return async (init) => tracedTools(await open(init), start)
}

/** `undefined` while nobody traces. */
function startingBelow(tracer: Tracer, chain: TraceContext | undefined): Start | undefined {
  return tracer.on && chain !== undefined ? (name) => tracer.start(name, chain) : undefined
}

function tracedModel(model: Model, start: Start): Model {
  const { ref, price } = model
  return {
    ref,
    ...(price && { price }),
    stream(call, options) {
      const span = start('model')
      span.set('model', ref)
      return answered(span, model.stream(call, options))
    }
  }
}

async function* answered(
  span: Span,
  chunks: AsyncIterable<ChatCompletionChunk>
): AsyncIterable<ChatCompletionChunk> {
  let isFirst = true
  try {
    for await (const chunk of chunks) {
      if (isFirst) span.event('first chunk')
      isFirst = false
      if (chunk.usage) {
        span.set('inputTokens', chunk.usage.prompt_tokens)
        span.set('outputTokens', chunk.usage.completion_tokens)
      }
      yield chunk
    }
  } catch (error) {
    span.fail(error)
    throw error
  } finally {
    span.end()
  }
}

function tracedEmbedding(model: EmbeddingModel, start: Start): EmbeddingModel {
  return {
    ref: model.ref,
    embed(texts, options) {
      const span = start('model')
      span.set('model', model.ref)
      span.set('texts', texts.length)
      return within(span, model.embed(texts, options))
    }
  }
}

function tracedTools(toolbox: Toolbox, start: Start): Toolbox {
  // A model may call a tool by any name, which then is something that it says.
  const known = new Set(toolbox.tools.map(({ id }) => id))
  return {
    tools: toolbox.tools,
    state: () => toolbox.state(),
    async call(call, signal) {
      const span = start('tool')
      span.set('tool', known.has(call.tool) ? call.tool : 'unknown')
      return within(span, ending(span, toolbox.call(call, signal)))
    }
  }
}

/** What a tool fails with is no error to whoever calls it. */
async function ending<R extends Awaited<ReturnType<Toolbox['call']>>>(
  span: Span,
  call: Promise<R>
): Promise<R> {
  const result = await call
  if (result.type === 'failed') span.fail(result.code)
  if (result.type === 'ask') span.event('asks')
  if (result.type === 'done' && result.node !== undefined) span.set('node', result.node)
  return result
}

function tracedMemory(memory: Memory, start: Start): Memory {
  return { space: (name) => tracedSpace(memory.space(name), start), blobs: memory.blobs }
}

function tracedSpace(space: SpaceMemory, start: Start): SpaceMemory {
  function during<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const span = start('memory')
    span.set('operation', operation)
    span.set('space', space.name)
    return within(span, work())
  }

  function listing<T>(operation: string, items: AsyncIterable<T>): AsyncIterable<T> {
    const span = start('memory')
    span.set('operation', operation)
    span.set('space', space.name)
    return yieldWithin(span, items)
  }

  const { threads } = space
  return {
    name: space.name,
    corner: space.corner,
    writer: space.writer,
    get: (key) => during('get', () => space.get(key)),
    put: (key, value, init) => during('put', () => space.put(key, value, init)),
    delete: (key) => during('delete', () => space.delete(key)),
    history: (key) => during('history', () => space.history(key)),
    search: (query, signal) => during('search', () => space.search(query, signal)),
    list: (query) => listing('list', space.list(query)),
    // It goes on as long as the run does, and says nothing of where time went.
    watch: (query, signal) => space.watch(query, signal),
    threads: {
      create: (init) => during('thread.create', () => threads.create(init)),
      get: (id) => during('thread.get', () => threads.get(id)),
      list: (resource) => listing('thread.list', threads.list(resource)),
      append: (id, messages, init) =>
        during('thread.append', () => threads.append(id, messages, init)),
      messages: (id, query) => during('thread.messages', () => threads.messages(id, query))
    }
  }
}
