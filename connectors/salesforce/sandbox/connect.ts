/**
 * What Connect says of the org: the only place where one with a single currency tells which it is.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.chatterapi.meta/chatterapi/connect_responses_organization.htm
 */
import { DATA, type SandboxRoute } from './route.ts'

const organization: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/connect/organization`,
  kind: 'call',
  handle({ state }) {
    const { multiCurrency } = state.features
    return {
      status: 200,
      body: {
        accessTimeout: 120,
        features: {
          chatter: true,
          // Only where there is one.
          defaultCurrencyIsoCode: multiCurrency ? null : state.get('settings', 'currency'),
          multiCurrency,
        },
        name: state.value('Organization', state.org, 'Name'),
        orgId: state.org,
      },
    }
  },
}

export const connectRoutes: readonly SandboxRoute[] = [organization]
