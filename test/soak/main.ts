// The soak as a process of its own, for the scripts: one request as JSON on the command line, one answer as JSON.

import type { LockKind } from './actions.js'
import { foundScenes } from './found/index.js'
import { openSeeds } from './open-seeds.js'
import { isQuietSceneKept, type Replayed, replayFound } from './replay-found.js'
import { soak } from './soak.js'
import type { StorageKind } from './store-driver.js'

interface SoakRequest {
  readonly do: 'soak'
  readonly storage: StorageKind
  readonly locks?: LockKind
  readonly from: number
  readonly count: number
  readonly mostFailures?: number
}

type Request = SoakRequest | { readonly do: 'found' } | { readonly do: 'quiet' }

async function answer(request: Request): Promise<unknown> {
  switch (request.do) {
    case 'soak':
      return soak({
        ...request,
        skip: request.count > 1 ? openSeeds.filter(isOf(request)).map(({ seed }) => seed) : [],
      })
    case 'found':
      return replayAll()
    case 'quiet':
      return isQuietSceneKept()
  }
}

function isOf({ storage }: SoakRequest): (open: { readonly storage: StorageKind }) => boolean {
  return (open) => open.storage === storage
}

/** One after the other: each has the event loop to itself. */
async function replayAll(): Promise<Replayed[]> {
  const replayed: Replayed[] = []
  for (const found of foundScenes) replayed.push(await replayFound(found))
  return replayed
}

const request: Request = JSON.parse(process.argv[2] ?? '{}')
process.stdout.write(JSON.stringify(await answer(request)))
