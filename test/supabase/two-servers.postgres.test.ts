import { twoServers } from '../support/two-servers.js'
import { openServers } from './server-processes.js'

twoServers(openServers)
