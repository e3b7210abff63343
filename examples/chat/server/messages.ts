import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as z from 'zod'
import type { ChatMessage } from '../shared/chat-api.js'
import { appendLine, readLines } from './json-lines.js'

/** Whose conversation. Every read and write names the user, so that an id alone opens nothing. */
interface ConversationOf {
  readonly userId: string
  readonly conversationId: string
}

/** The messages of the conversations: the app's own, apart from leftoff and from the agent's transcripts. */
export interface Messages {
  list(of: ConversationOf): Promise<readonly ChatMessage[]>
  /** Adds the message, or puts it in the place of the one with its id. */
  save(of: ConversationOf, message: ChatMessage): Promise<void>
}

/** Messages in files, one per conversation. */
export function fileMessages(folder: string): Messages {
  // A hash, since ids come from outside and must not choose a path.
  const pathOf = ({ userId, conversationId }: ConversationOf) => {
    const name = createHash('sha256')
      .update(JSON.stringify([userId, conversationId]))
      .digest('hex')
    return join(folder, `${name}.jsonl`)
  }
  return {
    async list(of) {
      // A later line about a message takes the earlier one's place.
      const messages = new Map<string, ChatMessage>()
      for (const line of await readLines(pathOf(of))) {
        const { data } = storedMessage.safeParse(line)
        if (data) messages.set(data.id, data)
      }
      return [...messages.values()]
    },
    save: (of, message) => appendLine(pathOf(of), message),
  }
}

const storedMessage = z.object({
  id: z.string(),
  role: z.enum(['user', 'assistant']),
  text: z.string(),
  at: z.number(),
  outcome: z.exactOptional(z.enum(['done', 'stopped', 'failed', 'interrupted'])),
  contextLost: z.exactOptional(z.literal(true)),
})
