import { interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph'
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { z } from 'zod'

const lookAround = tool(async ({ place }) => `sunny in ${place}`, {
  name: 'look_around',
  description: 'Looks around',
  schema: z.object({ place: z.string() })
})

const bookTrip = tool(
  async ({ place }) => {
    const answer = interrupt({ question: `Book a trip to ${place}?` })
    return `${answer}: ${place}`
  },
  { name: 'book_trip', description: 'Books a trip', schema: z.object({ place: z.string() }) }
)

const tools = [lookAround, bookTrip]
const model = new ChatOpenAI({
  model: 'test-model',
  apiKey: 'none',
  streaming: true,
  configuration: { baseURL: process.env.MODEL_URL }
}).bindTools(tools)

export const graph = new StateGraph(MessagesAnnotation)
  .addNode('model', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
  .addNode('tools', new ToolNode(tools))
  .addEdge(START, 'model')
  .addConditionalEdges('model', toolsCondition)
  .addEdge('tools', 'model')
  .compile({ checkpointer: new MemorySaver() })
