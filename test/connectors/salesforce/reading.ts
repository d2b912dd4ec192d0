/** A sandbox with connectors on it: what the tests of reading begin with. */
import { onTestFinished } from 'vitest'
import type { Connector } from '../../../connectors/connector.ts'
import { openSalesforceClient, type SalesforceClient } from '../../../connectors/salesforce/client.ts'
import type { SalesforceConfigInput } from '../../../connectors/salesforce/config.ts'
import {
  openSalesforceConnector,
  SALESFORCE_CAN,
  type SalesforceConnectorOptions,
} from '../../../connectors/salesforce/connector.ts'
import { openGovernors } from '../../../connectors/salesforce/governor.ts'
import {
  startSalesforceSandbox,
  type SalesforceSandbox,
} from '../../../connectors/salesforce/sandbox/server.ts'
import { fixedSession } from '../../../connectors/salesforce/sessions.ts'

export { idsOf, passOver } from '../passes.ts'

type SandboxOptions = Parameters<typeof startSalesforceSandbox>[0]

export interface ReadOrg {
  readonly sandbox: SalesforceSandbox
  readonly state: SalesforceSandbox['state']
  readonly client: SalesforceClient
  /** A connector with nothing in its memory. */
  open(config?: Partial<SalesforceConfigInput>, options?: Partial<SalesforceConnectorOptions>): Connector
}

/** The caller closes the sandbox. */
export async function startReading(
  options: Partial<SandboxOptions> & { object?: 'Account' | 'Contact' } = {},
): Promise<ReadOrg> {
  const { object = 'Account', ...rest } = options
  const clock = rest.clock ?? (() => new Date())
  const sandbox = await startSalesforceSandbox({ sessionMs: 1e15, ...rest, clock })
  const { accessToken, instanceUrl } = sandbox.authorize()
  const { username } = sandbox.user
  const client = openSalesforceClient({
    tenant: 'one',
    org: sandbox.org,
    username,
    sessions: fixedSession({ accessToken, instanceUrl }),
    governor: openGovernors({ clock }).of(sandbox.org, 0.2),
    clock,
    sleep: async () => undefined,
  })
  return {
    sandbox,
    state: sandbox.state,
    client,
    open: (config = {}, more = {}) =>
      openSalesforceConnector({
        config: { org: sandbox.org, object, auth: 'web', username, instanceUrl, ...config },
        client,
        clock,
        sleep: async () => undefined,
        ...more,
      }),
  }
}

/** The same, closed with the test. */
export async function openReading(...options: Parameters<typeof startReading>): Promise<ReadOrg> {
  const org = await startReading(...options)
  onTestFinished(() => org.sandbox.close())
  return org
}

/** What the loop is opened with on the customers of an org. */
export const loopOn = ({ sandbox, open }: ReadOrg, options: Partial<SalesforceConnectorOptions> = {}) => ({
  connector: {
    can: SALESFORCE_CAN,
    open: ({ config }: { readonly config: unknown }) => open(config as object, options),
  },
  connection: {
    kind: 'salesforce',
    name: 'An org',
    externalId: sandbox.org,
    sandbox: false,
    config: {},
    population: { kind: 'condition', condition: "Type = 'Customer'" },
  } as const,
})
