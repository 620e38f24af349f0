// The official SDK's server with an agent that does what ours does; prints its URL when ready.
import { AgentCard, TaskState } from '@a2a-js/sdk'
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server'
import { agentCardHandler, jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import express from 'express'

const part = (text) => ({
  content: { $case: 'text', value: text },
  metadata: undefined,
  filename: '',
  mediaType: 'text/plain'
})
const status = (state) => ({ state, message: undefined, timestamp: new Date().toISOString() })

const artifact = (value) => ({
  artifactId: 'result',
  name: 'result',
  description: '',
  parts: [part(value)],
  metadata: undefined,
  extensions: []
})

/** `chunks N` streams N pieces of 32 bytes; any other text comes back as one artifact. */
class Executor {
  async execute({ taskId, contextId, userMessage }, bus) {
    const text = userMessage.parts[0]?.content?.value ?? ''
    const ids = { taskId, contextId, metadata: undefined }
    bus.publish(
      AgentEvent.task({
        id: taskId,
        contextId,
        status: status(TaskState.TASK_STATE_WORKING),
        artifacts: [],
        history: [userMessage],
        metadata: undefined
      })
    )
    const pieces = text.startsWith('chunks') ? Number(text.split(' ')[1]) : 0
    if (pieces === 0) {
      bus.publish(
        AgentEvent.artifactUpdate({
          ...ids,
          artifact: artifact(text),
          append: false,
          lastChunk: true
        })
      )
    }
    for (let index = 0; index < pieces; index += 1) {
      if (index % 8 === 7) await new Promise((resolve) => setImmediate(resolve))
      const update = { ...ids, artifact: artifact('x'.repeat(32)), append: index > 0 }
      bus.publish(AgentEvent.artifactUpdate({ ...update, lastChunk: index === pieces - 1 }))
    }
    bus.publish(AgentEvent.statusUpdate({ ...ids, status: status(TaskState.TASK_STATE_COMPLETED) }))
  }

  async cancelTask() {}
}

const app = express()
const server = app.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  const card = {
    name: 'echo',
    description: 'echo',
    version: '1.0.0',
    supportedInterfaces: [
      { url: `${url}/a2a`, protocolBinding: 'JSONRPC', tenant: '', protocolVersion: '1.0' }
    ],
    provider: undefined,
    documentationUrl: undefined,
    iconUrl: undefined,
    capabilities: {
      streaming: true,
      pushNotifications: false,
      extendedAgentCard: false,
      extensions: []
    },
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    signatures: [],
    skills: []
  }
  const handler = new DefaultRequestHandler(card, new InMemoryTaskStore(), new Executor())
  const wire = AgentCard.toJSON(card)
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: async () => wire }))
  app.use(
    '/a2a',
    jsonRpcHandler({ requestHandler: handler, userBuilder: UserBuilder.noAuthentication })
  )
  console.log(url)
})
