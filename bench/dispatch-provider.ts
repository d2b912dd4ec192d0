/** The provider of a channel in the dispatch benchmark: its sandbox, as a process of its own. */
import { openInbox } from '../actions/email/sandbox/inbox.ts'
import { startSmsSandbox } from '../actions/sms/sandbox/sandbox.ts'
import { startHubSpotSandbox } from '../connectors/hubspot/sandbox/server.ts'
import { openCrm, type HubSpotPlace } from '../test/support/worker-crm.ts'

export type BenchChannel = 'email' | 'sms' | 'task'

/** Where the sandbox is; goes through JSON. */
export type ProviderPlace =
  | { readonly channel: 'email'; readonly host: string; readonly port: number }
  | {
      readonly channel: 'sms'
      readonly url: string
      readonly accountSid: string
      readonly authToken: string
      readonly messagingServiceSid: string
    }
  | {
      readonly channel: 'task'
      readonly crm: HubSpotPlace
      readonly owner: string
      /** Ids of companies to make tasks for. */
      readonly companies: readonly string[]
    }

async function start(channel: BenchChannel, count: number): Promise<ProviderPlace> {
  if (channel === 'email') {
    const { host, port } = await openInbox({ port: 0, host: '127.0.0.1' })
    return { channel, host, port }
  }
  if (channel === 'sms') {
    const { url, accountSid, authToken, messagingServiceSid } = await startSmsSandbox({
      port: 0,
      host: '127.0.0.1',
      tells: false,
    })
    return { channel, url, accountSid, authToken, messagingServiceSid }
  }
  const { state, url, portal, privateAppToken } = await startHubSpotSandbox({
    clock: () => new Date(),
    limits: { privateApp: Infinity, daily: Infinity },
  })
  const at = '2026-01-01T00:00:00Z'
  const owner = '501'
  state.setOwner({
    id: owner,
    firstName: 'Rep',
    lastName: 'One',
    email: 'rep@acme.example',
    userId: 501,
    archived: false,
    createdAt: at,
    updatedAt: at,
  })
  const companies = Array.from({ length: count }, (_, n) =>
    state.createRecord('companies', { name: `Customer ${n}` }),
  )
  const crm: HubSpotPlace = { kind: 'hubspot', url, portal, token: privateAppToken() }
  const connector = openCrm(crm)
  await connector.provision?.()
  await connector.close()
  return { channel, crm, owner, companies }
}

if (process.send !== undefined) {
  process.on('disconnect', () => process.exit(0))
  process.send(await start(process.argv[2] as BenchChannel, Number(process.argv[3])))
}
