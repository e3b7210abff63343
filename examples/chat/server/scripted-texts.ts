// What the scripted agent has to tell, in the Markdown that models answer in.

export const story =
  'There was once a harbour clerk who kept a ledger of every conversation on the quay. One night a storm took the ledger. ' +
  'In the morning the sailors came back and began to talk where they had left off, and the clerk had to say: I no longer know ' +
  'what we said before, but I am here, and I will write it down again.\n\n' +
  'They liked that better than a clerk who pretends.'

const fence = '```'

export const aTable = `Here is who keeps what:

| What | Where | Survives |
| --- | --- | --- |
| Which conversation this tab has | the tab, and this browser | a reload, a crash, a closed browser |
| The messages | your server | everything your database survives |
| The answer being written | the server’s turn log | a reload, a lost network, another device |
| What the agent knows | its session | a restart of the server |
`

export const someCode = `This is the route behind this chat, without its imports:

${fence}ts
export const turns = createTurnHandler({
  sessions: memoryAgentSessions(),
  log: memoryTurnLog(),
  agent: claudeDriver,
  authorize: async (request) => ({ userId: await userOf(request) }),
  run: ({ input, resume, signal }) => agent.run({ message: input, resume, signal }),
  onQuestion: ({ userId, conversationId, messageId, input }) =>
    upsert({ userId, conversationId, id: messageId, role: 'user', text: input }),
  onAnswer: ({ userId, conversationId, answerId, text }) =>
    upsert({ userId, conversationId, id: answerId, role: 'assistant', text }),
})
${fence}

The page calls \`useMessages\`, and that is all.
`

export const howItWorks = `An answer belongs to the **conversation**, not to the page that asked for it.

1. Your message gets an id before it is sent, so sending it twice runs it once.
2. The server writes the answer into a log, whether anyone reads it or not.
3. A page that comes back asks for what runs, reads it from the start, and continues.

${aTable}
Try it: send *tell me a story* and reload in the middle.
`

/** 2,000 words with tables and code, as a model writes when it is asked for everything. */
export function longAnswer(): string {
  const parts = Array.from({ length: 12 }, (_, index) => chapter(index + 1))
  return `# Everything about coming back\n\n${parts.join('\n\n')}\n`
}

function chapter(number: number): string {
  const [title = '', text = ''] = chapters[(number - 1) % chapters.length] ?? []
  const extra = number % 4 === 1 ? aTable : number % 4 === 3 ? someCode : list
  return `## ${number}. ${title}\n\n${text}\n\n${text.slice(0, -1).split('. ').reverse().join('. ')}.\n\n${extra}`
}

const list = `- A page that reloads keeps its conversation.
- A second tab gets its own, unless it was sent to this one; then it watches.
- A message that was sent twice runs once.
`

const chapters = [
  [
    'The tab',
    'A tab is a place where somebody was in the middle of something. It has an address, a half-written sentence and a ' +
      'scroll position, and it may be closed by a thumb, a crash or a train that enters a tunnel. Whoever opens it again does not ' +
      'want a list of what there is; they want to be where they were. So the tab remembers which conversation it had, and takes it ' +
      'back before it draws anything.',
  ],
  [
    'The answer',
    'An answer takes longer than a page lives. People reload because nothing seems to happen, they continue on their ' +
      'phone, or the laptop sleeps. If the answer lives in the response that carries it, all of that ends it, and it is paid for ' +
      'again. If it lives in a turn that the server runs to its end, a page is only one of those who read it, and can come late.',
  ],
  [
    'The agent',
    'The agent has a memory of its own, and that memory may be gone: a disk was wiped, a transcript expired, a session was ' +
      'never written. The worst it can do is to pretend. Here it starts afresh once, answers the message, and the page says at that ' +
      'very place that the earlier context is lost, so that the person can tell it again what matters.',
  ],
] as const
