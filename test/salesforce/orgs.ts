/** Orgs of thirty accounts each, closed after each test, in which a user of the same name signs in. */
import { afterEach } from 'vitest'
import { startSalesforceSandbox, type SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'

export const USERNAME = 'holdfast@acme.example'

export const clock = () => new Date()

let sandboxes: SalesforceSandbox[] = []
afterEach(async () => {
  await Promise.all(sandboxes.map((one) => one.close()))
  sandboxes = []
})

/** @param account how the accounts are called, each with a number behind it */
export async function orgOf(org: string, account: string): Promise<SalesforceSandbox> {
  const sandbox = await startSalesforceSandbox({
    clock,
    org,
    username: USERNAME,
    seed: (state) => {
      for (let at = 0; at < 30; at++) state.createRecord('Account', { Name: `${account} ${at}` })
    },
    pageSize: 10,
  })
  sandboxes.push(sandbox)
  return sandbox
}

/** Sessions that were asked for. */
export const tokenCalls = (sandbox: SalesforceSandbox) =>
  sandbox.requests().filter(({ path }) => path.startsWith('/services/oauth2/token')).length
