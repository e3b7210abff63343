import type { SessionChange } from './apply-change.js'
import type { RankedSession } from './session.js'

/** The scope of what a guest counted: one, so that claiming again adds only what came since. */
const claimScope = '_claimed'

/** What a guest did in a conversation, as a change of the user who claims it. Repeats change nothing. */
export function claimChange(
  { conversationId, workspace, startedAt, lastActivity, rank, messageCount, ...rest }: RankedSession,
  userId: string,
  epoch: string,
): SessionChange {
  const { tokenUsage: usage, lastMessagePreview, title } = rest
  return {
    userId,
    workspace,
    conversationId,
    epoch,
    begins: startedAt,
    activity: { at: lastActivity, rank },
    counts: { [claimScope]: { messages: messageCount, ...(usage && { usage }) } },
    ...(lastMessagePreview !== undefined && { preview: { text: lastMessagePreview, rank } }),
    // A row does not say whose title it shows. If it is the guest's own, no suggestion may replace it.
    ...(title !== undefined && { titles: { person: { text: title, rank } } }),
  }
}
