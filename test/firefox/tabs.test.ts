import { tabCases } from '../engines/tab-cases.js'
import { startFirefox } from './firefox.js'

tabCases(startFirefox)
