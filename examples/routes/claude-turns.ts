// A whole route for the Claude Agent SDK. `npm run test:claude` compiles and runs it.

import { query } from '@anthropic-ai/claude-agent-sdk'
import { claudeDriver } from 'leftoff/agents/claude'
import { createTurnHandler } from 'leftoff/server'
import { app, hasHistory, log, options, sessions } from './claude-app.js'

export const { GET, POST, DELETE } = createTurnHandler({
  ...app,
  sessions,
  log,
  agent: claudeDriver,
  hasHistory,
  run({ workspace, input, resume, signal, onStderr }) {
    const abortController = new AbortController()
    signal.addEventListener('abort', () => abortController.abort(), { once: true })
    const request = { ...options(workspace), abortController, stderr: onStderr, ...(resume && { resume }) }
    return query({ prompt: input, options: request })
  },
})
