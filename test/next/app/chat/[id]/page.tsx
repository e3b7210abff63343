import { Chat } from '../../chat'

/** A link to a conversation. */
export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  return <Chat linked={id} />
}
