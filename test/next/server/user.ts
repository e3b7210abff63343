import { cookies } from 'next/headers'

/** Whose request this is. Here the cookie says it alone, so that a test can be anyone; an app asks its authentication. */
export async function userOf(): Promise<string> {
  return (await cookies()).get('user')?.value ?? 'guest'
}
