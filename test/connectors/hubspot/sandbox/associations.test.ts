import { expect, it } from 'vitest'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import { openSandbox } from './opened.ts'

const A = (from: string, to: string): string => `/crm/associations/${V}/${from}/${to}`

interface Associated {
  readonly results: readonly {
    readonly from: { readonly id: string }
    readonly to: readonly { readonly toObjectId: string; readonly associationTypes: readonly object[] }[]
    readonly paging?: { readonly next: { readonly after: string } }
  }[]
  readonly numErrors?: number
}

it('reads from both ends what was associated from one, with its labels', async () => {
  const { sandbox, call } = await openSandbox()
  const company = sandbox.state.createRecord('companies', { name: 'Acme' })
  const person = sandbox.state.createRecord('contacts', { email: 'a@example.com' })
  const lonely = sandbox.state.createRecord('companies', { name: 'Lonely' })
  const changes: string[] = []
  sandbox.state.onChange((change) => void changes.push(`${change.kind} ${change.type}`))
  const made = await call('POST', `${A('contacts', 'companies')}/batch/associate/default`, {
    inputs: [{ from: { id: person }, to: { id: company } }],
  })
  expect(made).toMatchObject({
    status: 200,
    body: { results: [{ associationSpec: { associationTypeId: 279 } }] },
  })
  expect(changes).toEqual([
    'association contacts',
    'association companies',
    'association contacts',
    'association companies',
  ])
  const read = await call<Associated>('POST', `${A('companies', 'contacts')}/batch/read`, {
    inputs: [{ id: company }, { id: lonely }],
  })
  expect(read).toMatchObject({
    status: 207,
    body: {
      results: [
        {
          from: { id: company },
          to: [
            {
              toObjectId: person,
              associationTypes: [
                { category: 'HUBSPOT_DEFINED', typeId: 280 },
                { typeId: 2, label: 'Primary' },
              ],
            },
          ],
        },
      ],
      numErrors: 1,
      errors: [
        { subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND', context: { fromObjectId: [lonely] } },
      ],
    },
  })
})

it('pages through the associations of one record', async () => {
  const { sandbox, call } = await openSandbox({ settings: { associationsPage: 4 } })
  const company = sandbox.state.createRecord('companies', { name: 'Acme' })
  const people = Array.from({ length: 10 }, (_, n) =>
    sandbox.state.createRecord('contacts', { email: `${n}@example.com` }),
  )
  for (const id of people) sandbox.state.associate('companies', company, 'contacts', id, 280)
  const seen: string[] = []
  let after: string | undefined
  do {
    const { body } = await call<Associated>('POST', `${A('companies', 'contacts')}/batch/read`, {
      inputs: [{ id: company, ...(after ? { after } : {}) }],
    })
    seen.push(...body.results[0].to.map(({ toObjectId }) => toObjectId))
    after = body.results[0].paging?.next.after
  } while (after)
  expect(seen).toEqual(people)
})

it('forgets archived records and takes associations away from both ends', async () => {
  const { sandbox, call } = await openSandbox()
  const company = sandbox.state.createRecord('companies', { name: 'Acme' })
  const [one, two] = ['a', 'b'].map((name) =>
    sandbox.state.createRecord('contacts', { email: `${name}@example.com` }),
  )
  for (const id of [one, two]) sandbox.state.associate('companies', company, 'contacts', id, 280)
  sandbox.state.archiveRecord('contacts', one)
  expect(sandbox.state.associated('companies', company, 'contacts').map(({ id }) => id)).toEqual([two])
  await call('POST', `${A('contacts', 'companies')}/batch/archive`, {
    inputs: [{ from: { id: two }, to: [{ id: company }] }],
  })
  expect(sandbox.state.associated('companies', company, 'contacts')).toEqual([])
})

it('refuses association types that are not between these objects', async () => {
  const { sandbox, call } = await openSandbox()
  const company = sandbox.state.createRecord('companies', { name: 'Acme' })
  const person = sandbox.state.createRecord('contacts', { email: 'a@example.com' })
  const inputs = [
    {
      from: { id: person },
      to: { id: company },
      types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 4 }],
    },
  ]
  expect((await call('POST', `${A('contacts', 'companies')}/batch/create`, { inputs })).status).toBe(400)
})
