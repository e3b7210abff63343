import { Chat } from '../../chat'

/** A link to a conversation: the chat reads its id from the address. */
export default function Page() {
  return <Chat />
}
