import type { Said } from './transcript-entry.js'

/** A message of a transcript that is read by turns. */
export interface TranscriptTurnMessage {
  /** A question's is the `uuid` it was sent with, its answer's is `<uuid>.answer`. */
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** In ms since the epoch. */
  readonly at?: number
}

/** The questions, each followed by all that was said until the next one as one answer. */
export async function* turnMessages(messages: AsyncIterable<Said>): AsyncGenerator<TranscriptTurnMessage, void> {
  let question: string | undefined
  let answer: TranscriptTurnMessage | undefined
  for await (const { role, text, uuid, at } of messages) {
    const time = at === undefined ? {} : { at }
    if (role === 'user') {
      if (answer) yield answer
      answer = undefined
      question = uuid
      yield { id: uuid, role, text, ...time }
    } else if (answer) {
      answer = { ...answer, text: `${answer.text}\n\n${text}` }
    } else {
      // A transcript whose beginning is lost may open with an answer.
      answer = { id: `${question ?? uuid}.answer`, role, text, ...time }
    }
  }
  if (answer) yield answer
}
