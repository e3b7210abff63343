import type { ReactNode } from 'react'
import { Suspense } from 'react'
import { historyOf } from '../server/conversations'
import { userOf } from '../server/user'
import { Providers } from './providers'

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Suspense fallback={<p>Reading the history …</p>}>
          <WithHistory>{children}</WithHistory>
        </Suspense>
      </body>
    </html>
  )
}

/** Streamed once the history was read; the page is there before. */
async function WithHistory({ children }: { children: ReactNode }) {
  const userId = await userOf()
  return (
    <Providers userId={userId} sessions={await historyOf(userId)}>
      {children}
    </Providers>
  )
}
