/** The mail server of the dispatch benchmark. */
import { openInbox } from '../actions/email/sandbox/inbox.ts'

process.on('disconnect', () => process.exit(0))
const inbox = await openInbox({ port: 0, host: '127.0.0.1' })
process.send?.({ host: inbox.host, port: inbox.port })
