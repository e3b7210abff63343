import { turnCases } from '../engines/turn-cases.js'
import { startWebKit } from './webkit.js'

turnCases(startWebKit)
