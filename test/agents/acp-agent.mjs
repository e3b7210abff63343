// An agent that speaks ACP on stdin and stdout, in a process of its own. It keeps its sessions as files in its working folder. Its argument says how it
// answers where agents differ; the message says what it does.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { agent, methods, ndJsonStream, PROTOCOL_VERSION, RequestError } from '@agentclientprotocol/sdk'

const [kind = 'claude'] = process.argv.slice(2)
const canLoad = kind !== 'forgetful' && kind !== 'codex'
const fileOf = (/** @type {string} */ id) => `${id}.json`
/** @type {() => void} */
let cancel = () => {}

/**
 * @param {string} id
 * @returns {string[]}
 */
function open(id) {
  if (kind === 'broken') throw RequestError.internalError({ details: 'Disk error' })
  if (existsSync(fileOf(id))) return read(id)
  if (kind !== 'gemini') throw RequestError.resourceNotFound(id)
  throw RequestError.internalError({
    details: `Invalid session identifier "${id}".\n  Searched for sessions in /chats.`,
  })
}

/**
 * @param {string} id
 * @returns {string[]}
 */
function read(id) {
  return JSON.parse(readFileSync(fileOf(id), 'utf8'))
}

/** @param {string} text */
function piece(text) {
  /** @type {import('@agentclientprotocol/sdk').SessionUpdate} */
  const update = { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } }
  return update
}

agent({ name: 'fake' })
  .onRequest(methods.agent.initialize, () => ({
    protocolVersion: PROTOCOL_VERSION,
    agentCapabilities: { loadSession: canLoad, sessionCapabilities: kind === 'codex' ? { resume: {} } : {} },
  }))
  .onRequest(methods.agent.session.new, () => {
    const sessionId = crypto.randomUUID()
    writeFileSync(fileOf(sessionId), '[]')
    return { sessionId }
  })
  .onRequest(methods.agent.session.load, async ({ params: { sessionId }, client }) => {
    for (const text of open(sessionId))
      await client.notify(methods.client.session.update, { sessionId, update: piece(`again: ${text}`) })
    return {}
  })
  .onRequest(methods.agent.session.resume, ({ params: { sessionId } }) => {
    open(sessionId)
    return {}
  })
  .onNotification(methods.agent.session.cancel, () => cancel())
  .onRequest(methods.agent.session.prompt, async ({ params: { sessionId, prompt }, client }) => {
    const said = read(sessionId)
    const text = prompt.map((block) => (block.type === 'text' ? block.text : '')).join(' / ')
    writeFileSync(fileOf(sessionId), JSON.stringify([...said, text]))
    const say = (/** @type {string} */ words) =>
      client.notify(methods.client.session.update, { sessionId, update: piece(words) })
    if (text === 'wait') {
      const cancelled = new Promise((resolve) => {
        cancel = () => resolve(undefined)
      })
      await say('Waiting')
      await cancelled
      return { stopReason: 'cancelled' }
    }
    if (text === 'die') {
      await say('Dying')
      process.exit(1)
    }
    if (text === 'delete everything') {
      /** @type {import('@agentclientprotocol/sdk').RequestPermissionRequest} */
      const question = {
        sessionId,
        toolCall: { toolCallId: '1', title: 'rm -rf /' },
        options: [
          { optionId: 'yes', name: 'Yes', kind: 'allow_always' },
          { optionId: 'no', name: 'No', kind: 'reject_once' },
        ],
      }
      const { outcome } = await client.request(methods.client.session.requestPermission, question)
      await say(JSON.stringify(outcome))
    } else if (text === 'environment') await say(Object.keys(process.env).sort().join())
    else for (const word of [`${said.length + 1}: `, 'you said ', text]) await say(word)
    return { stopReason: 'end_turn' }
  })
  .connect(
    ndJsonStream(
      Writable.toWeb(process.stdout),
      /** @type {ReadableStream<Uint8Array>} */ (Readable.toWeb(process.stdin)),
    ),
  )
