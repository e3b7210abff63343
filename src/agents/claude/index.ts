export { claudeDriver } from './claude-driver.js'
export type { ClaudeMessage } from './claude-message.js'
