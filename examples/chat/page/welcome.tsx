/** An empty conversation: what to say, and what to try after it. */
export function Welcome({
  canSend,
  onSuggestion,
}: {
  readonly canSend: boolean
  readonly onSuggestion: (text: string) => void
}) {
  return (
    <div className="welcome">
      <h2>Say something worth coming back to.</h2>
      <p>
        Then reload in the middle of the answer, close the browser, or restart the server. The chat is where you left
        it, and the agent still knows what you said.
      </p>
      <ul>
        {[
          'My name is Ada',
          'Remember that the demo is on Friday',
          'How do you survive a reload?',
          'Tell me a story',
        ].map((text) => (
          <li key={text}>
            <button type="button" className="button" disabled={!canSend} onClick={() => onSuggestion(text)}>
              {text}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
