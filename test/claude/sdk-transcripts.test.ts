import { query } from '@anthropic-ai/claude-agent-sdk'
import { describe } from 'vitest'
import type { Query } from './conversation.js'
import { transcriptsOfSdk } from './transcripts-of-sdk.js'

// Older versions: `npm run test:claude -- soak`.
describe('the newest SDK', () => {
  transcriptsOfSdk(query as Query, { findsInOtherFolders: true }) // its own types name what we pass more narrowly
})
