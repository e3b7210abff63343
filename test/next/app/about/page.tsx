import Link from 'next/link'

/** A page without a chat, below the same provider. */
export default function Page() {
  return <Link href="/chat">Back</Link>
}
