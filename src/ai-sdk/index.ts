/**
 * A transport for `useChat` of the AI SDK, beside `createTurnHandler` on the server.
 *
 * @module leftoff/ai-sdk
 */

export {
  type ChatTransport,
  type ChatTransportOptions,
  type CountedMessage,
  chatTransport,
  type UiMessage,
} from './chat-transport.js'
export type { UiChunk } from './ui-chunks.js'
