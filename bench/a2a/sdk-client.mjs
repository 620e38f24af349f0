// The official SDK's client, with the same two operations that the bench asks of Lumos.
import { Role } from '@a2a-js/sdk'
import { ClientFactory } from '@a2a-js/sdk/client'

function request(text) {
  return {
    tenant: '',
    message: {
      messageId: crypto.randomUUID(),
      role: Role.ROLE_USER,
      parts: [
        {
          content: { $case: 'text', value: text },
          metadata: undefined,
          filename: '',
          mediaType: 'text/plain'
        }
      ],
      contextId: '',
      taskId: '',
      extensions: [],
      referenceTaskIds: [],
      metadata: undefined
    },
    configuration: undefined,
    metadata: undefined
  }
}

export async function createSdkCaller(url) {
  const client = await new ClientFactory().createFromUrl(url)
  return {
    send: (text) => client.sendMessage(request(text)),
    stream: (text) => client.sendMessageStream(request(text))
  }
}
