import { aTable, howItWorks, longAnswer, someCode, story } from './scripted-texts.js'

/** What the scripted agent says to `message`, knowing what the user said `earlier`. The first rule that fits answers. */
export function scriptedAnswer(message: string, earlier: readonly string[]): string {
  const known = whatWasSaid(earlier)
  // The same message again is one that is to be answered again: say so.
  const again = earlier.at(-1)?.trim() === message.trim() ? 'Once more, then. ' : ''
  for (const { when, say } of rules) {
    const match = when.exec(message)
    if (match) return again + say(match[1]?.trim() ?? '', known)
  }
  return `${again}You said: “${message.trim()}”. ${remarks[earlier.length % remarks.length]}`
}

/** What the agent made out of the user's earlier messages. */
interface Known {
  readonly name?: string
  readonly notes: readonly string[]
  readonly messageCount: number
}

interface Rule {
  readonly when: RegExp
  readonly say: (matched: string, known: Known) => string
}

const namePattern = /\b[Mm]y name(?:['’]s| is) (\p{L}[\p{L}\p{M}'’-]*(?: \p{Lu}[\p{L}\p{M}'’-]*){0,2})/u
const notePattern = /^\s*(?:please )?remember(?: that)?:? (.+?)[.!]*\s*$/is

const rules: readonly Rule[] = [
  {
    when: /what(?:['’]s| is) my name|who am i\b|do you know my name/i,
    say: (_, { name }) =>
      name ? `Your name is ${name}.` : 'I don’t know your name yet. Tell me, and I will remember it.',
  },
  {
    when: namePattern,
    say: (name, known) =>
      known.name && known.name !== name
        ? `${name} it is, then. Until now I called you ${known.name}.`
        : `Nice to meet you, ${name}. I will know you when you come back.`,
  },
  {
    when: /what do you (?:remember|know)|what did i (?:tell|say)/i,
    say: (_, known) => recollection(known),
  },
  {
    when: notePattern,
    say: (note) => `Noted: ${note}. Ask me “what do you remember?” whenever you like.`,
  },
  {
    when: /how many messages|how long have we/i,
    say: (_, { messageCount }) =>
      messageCount === 0
        ? 'This is your first message to me.'
        : `This is your message number ${messageCount + 1}. I have all of them in my transcript.`,
  },
  {
    when: /\bcount to (\d{1,3})\b/i,
    say: (end) => `${Array.from({ length: Number(end) }, (_, index) => index + 1).join(', ')}. There you are.`,
  },
  { when: /\btell me a story\b/i, say: () => story },
  { when: /\bsurvive\b|how (?:do|does) (?:you|this|it) work/i, say: () => howItWorks },
  { when: /\ba table\b/i, say: () => aTable },
  { when: /\bsome code\b/i, say: () => someCode },
  { when: /\blong answer\b/i, say: () => longAnswer() },
  {
    when: /^\s*(?:help|what can you do)\b/i,
    say: () =>
      'I am a small scripted agent. Tell me your name, or “remember that the demo is on Friday”; then ask “what is my name?” or ' +
      '“what do you remember?”. “Count to 40” and “tell me a story” take a while, so you can reload or switch chats in the middle. ' +
      '“Show me a table”, “show me some code” and “write a long answer” show how answers look.',
  },
  {
    when: /^\s*(?:hi|hello|hey|good (?:morning|evening|afternoon))\b/i,
    say: (_, { name }) => (name ? `Hello again, ${name}.` : 'Hello. What should I call you?'),
  },
  { when: /\bthank(?:s| you)\b/i, say: (_, { name }) => `You are welcome${name ? `, ${name}` : ''}.` },
]

const remarks = [
  'I have it in my transcript now.',
  'Ask me later what I remember.',
  'Say “help” to see what I can do.',
  'Close this page if you like; we will continue from here.',
]

function whatWasSaid(messages: readonly string[]): Known {
  const name = messages.findLast((message) => namePattern.test(message))?.match(namePattern)?.[1]
  const notes = messages.flatMap((message) => notePattern.exec(message)?.[1] ?? [])
  return { ...(name === undefined ? {} : { name }), notes, messageCount: messages.length }
}

function recollection({ name, notes, messageCount }: Known): string {
  if (messageCount === 0) return 'Nothing yet: this is the first message I have from you.'
  const lines = [...(name ? [`Your name is ${name}.`] : []), ...notes.map((note) => `You told me: ${note}.`)]
  if (lines.length === 0)
    return `You sent me ${messageCount} messages so far, but nothing to keep. Try “remember that …”.`
  return ['Here is what I have:', '', ...lines.map((line) => `- ${line}`)].join('\n')
}
