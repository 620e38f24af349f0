/** Nodes of the bench: with an LLM agent where there is a URL, and the model server of the test as their only provider. */
import type { LumosNode, RunEvent } from '../../index.ts'
import { createNode, llmAgent } from '../../index.ts'
import { HISTORY, INSTRUCTIONS } from './task.ts'

export async function benchNode(
  home: string,
  url: string,
  bootstrap: readonly string[] = []
): Promise<LumosNode> {
  const node = await createNode({
    home,
    runtimeDirectory: home,
    swarmKey: '0123456789abcdef'.repeat(4),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [...bootstrap],
    discovery: { mdns: false, sameHost: false },
    models: {
      detect: false,
      ...(url !== '' && { providers: { bench: { baseUrl: url, models: ['test-model'] } } })
    },
    agents:
      url === ''
        ? []
        : [
            llmAgent({ id: 'plain', description: 'Answers.', instructions: INSTRUCTIONS }),
            llmAgent({
              id: 'agent',
              description: 'Answers and remembers.',
              instructions: INSTRUCTIONS,
              memory: { lastMessages: HISTORY, summary: false }
            })
          ]
  })
  await node.start()
  return node
}

/** To the end of a task, which has to be a good one. */
export async function finish(events: AsyncIterable<RunEvent>): Promise<void> {
  for await (const event of events) {
    if (event.type === 'result' && event.task.state !== 'TASK_STATE_COMPLETED') {
      throw new Error(JSON.stringify(event))
    }
  }
}
