import type { Clock } from '../../core/clock.js'
import { pause } from '../../core/clock.js'
import type { AgentEnd } from '../begun-turn.js'
import { callInTime } from '../call-in-time.js'
import type { TurnAnswer } from './turn-handler.js'

/**
 * Has the app store the answer: three tries, each only while no other turn can be running, since that one may answer the
 * same question. Whether it is stored.
 */
export async function keepAnswer(
  onAnswer: (answer: TurnAnswer) => unknown,
  answer: Omit<TurnAnswer, 'signal'>,
  { isHeld, lostSignal }: Pick<AgentEnd, 'isHeld' | 'lostSignal'>,
  clock: Clock,
  onError: (error: unknown) => void,
): Promise<boolean> {
  for (const pauseMs of [250, 1_000, 0]) {
    if (!isHeld()) return false
    try {
      await callInTime(clock, longestMs, 'onAnswer', (signal) => onAnswer({ ...answer, signal }), lostSignal)
      return true
    } catch (error) {
      onError(error)
    }
    if (pauseMs > 0) await pause(clock, pauseMs)
  }
  return false
}

const longestMs = 10_000
