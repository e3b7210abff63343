// A whole route for the Claude Agent SDK, without tools. `npm run test:claude` compiles and runs it.

import { query } from '@anthropic-ai/claude-agent-sdk'
import { claudeDriver, claudeEnv } from 'leftoff/agents/claude'
import { createTurnHandler } from 'leftoff/server'
import { agentEnv, app, hasEarlier, log, root, sessions } from './your-app.js'

export const { GET, POST, DELETE } = createTurnHandler({
  ...app,
  sessions,
  log,
  agent: claudeDriver,
  hasHistory: hasEarlier,
  run({ workspace, input, resume, signal, onStderr }) {
    const abortController = new AbortController()
    signal.addEventListener('abort', () => abortController.abort(), { once: true })
    const env = { ...agentEnv, ...claudeEnv({ root, workspace }) }
    const session = { includePartialMessages: true, ...(resume && { resume }) }
    return query({ prompt: input, options: { tools: [], env, abortController, stderr: onStderr, ...session } })
  },
})
