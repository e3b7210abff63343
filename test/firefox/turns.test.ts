import { turnCases } from '../engines/turn-cases.js'
import { startFirefox } from './firefox.js'

turnCases(startFirefox)
