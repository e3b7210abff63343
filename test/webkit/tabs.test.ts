import { tabCases } from '../engines/tab-cases.js'
import { startWebKit } from './webkit.js'

tabCases(startWebKit)
