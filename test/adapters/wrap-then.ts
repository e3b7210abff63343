const { then } = Promise.prototype
let calls = 0

// As monitoring scripts do: each call goes through.
// biome-ignore lint/suspicious/noThenProperty: it is the one that is wrapped.
Promise.prototype.then = function (...handlers) {
  calls++
  return Reflect.apply(then, this, handlers)
}

/** How many calls went through the wrapper. */
export function callsOfThen(): number {
  return calls
}
